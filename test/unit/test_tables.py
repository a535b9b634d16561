"""Tables that scripts put into pages that people write."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

put_tables = runpy.run_path(str(Path(__file__).parents[2] / 'scripts' / 'tables.py'))['put_tables']


def test_tables_stand_between_their_marks_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / 'card.md'
    page.write_text(
        'Before.\n<!-- the folds: begin -->\nold\n<!-- the folds: end -->\n'
        '<!-- the clips: begin -->\nkept\n<!-- the clips: end -->\nAfter.\n'
    )
    put_tables(page, 'folds', ['| a |', '| 1 |'])
    assert page.read_text() == (
        'Before.\n<!-- the folds: begin -->\n| a |\n| 1 |\n<!-- the folds: end -->\n'
        '<!-- the clips: begin -->\nkept\n<!-- the clips: end -->\nAfter.\n'
    )


@pytest.mark.parametrize('text', ['', '<!-- the folds: begin -->', '<!-- the folds: end -->'])
def test_a_page_without_marks_is_named_and_stays(tmp_path: Path, text: str) -> None:
    page = tmp_path / 'card.md'
    page.write_text(text)
    with pytest.raises(ValueError, match=r'card\.md: lacks <!-- the folds'):
        put_tables(page, 'folds', ['| a |'])
    assert page.read_text() == text
