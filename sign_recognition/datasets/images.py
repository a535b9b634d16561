"""Pictures: a folder of frames per clip, LABEL/CLIP/*.jpg, or LABEL/SIGNER/CLIP/*.jpg."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sign_recognition.datasets.collection import (
    ImportOptions,
    Item,
    Source,
    clip_folders,
    first_labels,
)
from sign_recognition.datasets.extraction import ClipFacts, read_pictures


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips of a folder; a folder of folders within a label is a signer.

    Raises:
        DatasetError: there is no such folder.
    """
    clips = list(clip_folders(path))
    wanted = first_labels((label for label, _, _ in clips), options.classes)
    items = [_item(path, *clip, options) for clip in clips if clip[0] in wanted]
    return Source(path.resolve().name, 'of the pictures: not known', items, heavy=True)


def _item(root: Path, label: str, signer: str, folder: Path, options: ImportOptions) -> Item:
    source = folder.relative_to(root).as_posix()
    facts = ClipFacts(source, label, source, signer)
    return Item(source, source, partial(read_pictures, folder, facts, options))
