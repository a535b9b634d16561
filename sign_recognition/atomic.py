"""Files that are there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, ending alike, that is given up for `path` at the end.

    Where the block raises, what was there before stays, and nothing else.

    Raises:
        OSError: the file cannot be given its name.
    """
    # Always the same: what a killed program left is written over.
    unfinished = path.with_name(f'.unfinished.{path.name}')
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file (UTF-8), or leave what was there before.

    Raises:
        OSError: the file cannot be written.
    """
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding='utf-8')
