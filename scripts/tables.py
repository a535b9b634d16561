"""Tables in the middle of a page that people write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sign_recognition.atomic import write_whole


def put_tables(page: Path, name: str, lines: Iterable[str]) -> None:
    """Put lines between the page's marks `the NAME: begin` and `the NAME: end`.

    Raises:
        ValueError: the page lacks a mark; names the page.
    """
    begin, end = (f'<!-- the {name}: {mark} -->' for mark in ('begin', 'end'))
    before, found, rest = page.read_text(encoding='utf-8').partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f'{page}: lacks {begin} or {end}')
    text = '\n'.join((begin, *lines, end))
    write_whole(page, before + text + after)
