"""Tables in the middle of a page that people write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

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


def robustness_table(cells: Iterable[Mapping[str, Any]], goal: float) -> Iterator[str]:
    """The lines of the table of `sign-recognition benchmark robustness`.

    Args:
        cells: as its report has them.
        goal: an accuracy; what is below is bold.
    """
    yield from ('| clips, one thing other than usual | accuracy | worst |', '|---|---|---|')
    for cell in cells:
        name = f'{cell["group"]} {cell["level"]}'.strip()
        recalls = {label: row['recall'] for label, row in cell['classes'].items() if row['clips']}
        worst = min(recalls, key=lambda label: recalls[label])
        told = f'{cell["clip_accuracy"]:.1%}'
        told = f'**{told}**' if cell['clip_accuracy'] < goal else told
        yield f'| {name} | {told} | {worst} {recalls[worst]:.0%} |'
    yield from ('', f'Bold is below the goal, {goal:.0%}.')
