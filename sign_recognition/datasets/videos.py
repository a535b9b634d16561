"""Videos in a folder per label, LABEL/CLIP.mp4, or LABEL/SIGNER/CLIP.mp4; perhaps per split.

Folders called train, val and test, and nothing else, are the split of whoever made them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sign_recognition.datasets.clip import SPLITS
from sign_recognition.datasets.collection import (
    ImportOptions,
    Item,
    Source,
    first_labels,
    subfolders,
)
from sign_recognition.datasets.extraction import video_item
from sign_recognition.sources.files import VIDEO_SUFFIXES


def open_source(path: Path, options: ImportOptions) -> Source:
    """The videos of a folder; a folder within a label is a signer.

    Raises:
        DatasetError: there is no such folder.
    """
    labels = list(_label_folders(path))
    wanted = first_labels((label.name for label, _ in labels), options.classes)
    items: list[Item] = []
    for label, split in labels:
        if label.name not in wanted:
            continue
        for file in _videos(label):
            items.append(video_item(path, file, label.name, options, official=split))
        for signer in subfolders(label):
            for file in _videos(signer):
                items.append(video_item(path, file, label.name, options, signer.name, split))
    return Source(path.resolve().name, 'of the videos: not known', items, heavy=True)


def _label_folders(path: Path) -> Iterator[tuple[Path, str]]:
    """Each folder of a label, and its split; '' where there are no splits."""
    folders = list(subfolders(path))
    if not {each.name for each in folders} <= {*SPLITS}:
        yield from ((label, '') for label in folders)
        return
    for split in folders:
        yield from ((label, split.name) for label in subfolders(split))


def _videos(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in VIDEO_SUFFIXES)
