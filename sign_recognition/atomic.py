"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file (UTF-8) under another name, and give it its own when all is written.

    Raises:
        OSError: the file cannot be written; what was there before stays.
    """
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        unfinished.write_text(text, encoding='utf-8')
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
