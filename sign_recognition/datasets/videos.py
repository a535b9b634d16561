"""Videos in a folder per label, LABEL/CLIP.mp4, or LABEL/SIGNER/CLIP.mp4."""

from __future__ import annotations

from pathlib import Path

from sign_recognition.datasets.collection import ImportOptions, Source, subfolders
from sign_recognition.datasets.extraction import video_item
from sign_recognition.sources.files import VIDEO_SUFFIXES


def open_source(path: Path, options: ImportOptions) -> Source:
    """The videos of a folder; a folder within a label is a signer.

    Raises:
        DatasetError: there is no such folder.
    """
    items = []
    for label in list(subfolders(path))[: options.classes]:
        for file in _videos(label):
            items.append(video_item(path, file, label.name, options))
        for signer in subfolders(label):
            for file in _videos(signer):
                items.append(video_item(path, file, label.name, options, signer.name))
    return Source(path.resolve().name, 'of the videos: not known', items, heavy=True)


def _videos(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in VIDEO_SUFFIXES)
