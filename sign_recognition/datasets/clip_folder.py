"""Clips of a folder, whatever it is: a data set, or SHREC'17 in its official layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sign_recognition.datasets import shrec17
from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import ImportOptions
from sign_recognition.datasets.info import CLIPS_FILE, DatasetInfo

if TYPE_CHECKING:
    from sign_recognition.datasets.store import Dataset


@dataclass(frozen=True)
class ClipFolder:
    """A folder of clips.

    Attributes:
        path: of the folder.
        info: what it says of itself.
        count: of its clips.
    """

    path: Path
    info: DatasetInfo
    count: int

    def clips(self) -> Iterator[Clip]:
        """All clips in their order, in the mirror view; memory holds some dozen at most.

        Raises:
            DatasetError: a file is missing or broken.
        """
        return (clip.selfie_view() for clip in self.recorded())

    def recorded(self) -> Iterator[Clip]:
        """As `clips`, in the view in which they were recorded.

        Raises:
            DatasetError: a file is missing or broken.
        """
        if (self.path / CLIPS_FILE).is_file():
            return _dataset(self.path).clips()
        source = shrec17.open_source(self.path, ImportOptions())
        return (item.read() for item in source.items)


def open_folder(path: Path | str) -> ClipFolder:
    """Look what a folder holds.

    Raises:
        DatasetError: it is neither, or is broken, or holds no clip.
    """
    path = Path(path)
    if (path / CLIPS_FILE).is_file():
        dataset = _dataset(path)
        return _not_empty(ClipFolder(path, dataset.info, len(dataset)))
    if not any((path / name).is_file() for name in shrec17.LIST_FILES):
        raise DatasetError(
            f'{path}: holds neither {CLIPS_FILE} (a data set) nor '
            f"{' nor '.join(shrec17.LIST_FILES)} (SHREC'17)"
        )
    source = shrec17.open_source(path, ImportOptions())
    info = DatasetInfo(source.name, 'shrec17', source.licence, str(path.resolve()))
    return _not_empty(ClipFolder(path, info, len(source.items)))


def _dataset(path: Path) -> Dataset:
    """The data set of a folder. SHREC'17 is read without what reads it, which is an extra."""
    from sign_recognition.datasets.store import Dataset

    return Dataset(path)


def _not_empty(folder: ClipFolder) -> ClipFolder:
    if not folder.count:
        raise DatasetError(f'{folder.path}: holds no clip')
    return folder
