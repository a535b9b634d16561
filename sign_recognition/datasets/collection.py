"""What every importer gives: the clips that a source holds, each with a way to read it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sign_recognition.datasets.clip import Clip, DatasetError


@dataclass(frozen=True)
class ImportOptions:
    """How to import; each kind heeds what concerns it.

    Attributes:
        mirrored: the images are (or were, when their landmarks were found) mirror images.
        solution: MediaPipe solution for images, 'hands' or 'holistic'.
        model_complexity: of 'hands', 0 (faster) or 1 (more exact); 'holistic' has one model.
        rate_hz: frames per second where the source does not say; None is the kind's usual one.
        aspect: image height / width where y is a share of the height and the source does not say;
            None is the kind's usual one.
        classes: only so many classes, the first of the source's list; None is all.
    """

    mirrored: bool = False
    solution: str = 'holistic'
    model_complexity: int = 1
    rate_hz: float | None = None
    aspect: float | None = None
    classes: int | None = None


@dataclass(frozen=True)
class Item:
    """One clip to import.

    Attributes:
        id: unique in the source.
        source: its file or folder below the source, for the report.
        read: reads it. Raises DatasetError or OSError. Of a heavy source it can be pickled.
    """

    id: str
    source: str
    read: Callable[[], Clip]


class Failure(NamedTuple):
    """A clip that could not be imported, and why."""

    id: str
    source: str
    reason: str


@dataclass(frozen=True)
class Source:
    """What is to be imported.

    Attributes:
        name: of the data set, for people.
        licence: what its authors allow, in words.
        items: the clips, in an order in which they are cheap to read.
        missing: clips that the source's index names, and that are not there.
        heavy: reading a clip is work for a core of its own.
        one_file: all is in one file: a broken clip means that the file is broken.
    """

    name: str
    licence: str
    items: Collection[Item]
    missing: tuple[Failure, ...] = field(default=())
    heavy: bool = False
    one_file: bool = False


class Importer(Protocol):
    """The function `open_source` of each module of a kind."""

    def __call__(self, path: Path, options: ImportOptions) -> Source:
        """Look what is there, and read no clip yet.

        Raises:
            DatasetError: the folder or file is not of this kind, or its index is broken.
        """
        ...


def subfolders(path: Path) -> Iterator[Path]:
    """The folders in a folder, by name, without hidden ones.

    Raises:
        DatasetError: there is no such folder.
    """
    if not path.is_dir():
        raise DatasetError(f'{path}: is no folder')
    for each in sorted(path.iterdir()):
        if each.is_dir() and not each.name.startswith('.'):
            yield each


def clip_folders(path: Path) -> Iterator[tuple[str, str, Path]]:
    """Label, signer and folder of each clip: LABEL/CLIP, or LABEL/SIGNER/CLIP.

    Raises:
        DatasetError: there is no such folder.
    """
    for label in subfolders(path):
        for each in subfolders(label):
            clips = list(subfolders(each))
            for clip in clips or [each]:
                yield label.name, each.name if clips else '', clip


def read_json(path: Path) -> Any:
    """A JSON file.

    Raises:
        DatasetError: it is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise DatasetError(f'{path}: missing') from error
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path}: no JSON: {error}') from error


def read_table(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a head line.

    Raises:
        DatasetError: it is missing, is no CSV, or lacks one of the columns.
    """
    try:
        with path.open(newline='', encoding='utf-8') as file:
            reader = csv.DictReader(file, strict=True)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise DatasetError(f'{path}: has no column {sorted(missing)}')
            rows = list(reader)
    except FileNotFoundError as error:
        raise DatasetError(f'{path}: missing') from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f'{path}: no CSV: {error}') from error
    # DictReader fills short rows with None, and keeps what is too long under the key None.
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise DatasetError(f'{path}:{number}: has not as many values as the head line')
    return rows


def first_labels(labels: Iterable[str], count: int | None) -> set[str]:
    """The first labels of a list, or all."""
    return set(list(dict.fromkeys(labels))[:count])
