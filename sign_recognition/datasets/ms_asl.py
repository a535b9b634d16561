"""MS-ASL: MSASL_train.json, MSASL_val.json, MSASL_test.json and the videos that the user has.

A video is videos/<YouTube id>.mp4, whole: the index says which seconds of it are a clip. Many of
the videos are no longer on YouTube.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sign_recognition.datasets.clip import SPLITS, DatasetError
from sign_recognition.datasets.collection import (
    Failure,
    ImportOptions,
    Item,
    Source,
    read_json,
)
from sign_recognition.datasets.downloads import Wanted, video_key
from sign_recognition.datasets.extraction import ClipFacts, Cut, find_video, read_video

_VIDEOS = 'videos'


class _Entry(NamedTuple):
    """A clip as the index names it."""

    id: str
    label: str
    url: str
    split: str
    signer: str
    cut: Cut


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips whose videos are there; those whose are not are missing.

    Raises:
        DatasetError: no index is there, or one is broken.
    """
    items, missing = [], []
    for each in _entries(path, options.classes):
        file = find_video(path / _VIDEOS, _stem(each.url))
        if file is None:
            missing.append(Failure(each.id, each.url, f'no video {_stem(each.url)} in {_VIDEOS}'))
            continue
        source = file.relative_to(path).as_posix()
        facts = ClipFacts(each.id, each.label, source, each.signer, each.split)
        items.append(Item(each.id, source, partial(read_video, file, facts, each.cut, options)))
    return Source('MS-ASL', 'its own terms: research use', items, tuple(missing), heavy=True)


def wanted_videos(path: Path, options: ImportOptions) -> list[Wanted]:
    """The videos of all clips.

    Raises:
        DatasetError: no index is there, or one is broken.
    """
    entries = _entries(path, options.classes)
    return [Wanted(each.url, path / _VIDEOS, _stem(each.url)) for each in entries]


def _stem(url: str) -> str:
    return video_key(url) or url.rpartition('/')[2]


def _entries(path: Path, classes: int | None) -> Iterator[_Entry]:
    names = {split: path / f'MSASL_{split}.json' for split in SPLITS}
    indexes = {split: file for split, file in names.items() if file.is_file()}
    if not indexes:
        raise DatasetError(f'{path}: holds none of {", ".join(f.name for f in names.values())}')
    for split, file in indexes.items():
        for number, values in enumerate(read_json(file)):
            try:
                if classes is None or int(values['label']) < classes:
                    yield _entry(f'{split}-{number:05d}', split, values)
            except (KeyError, TypeError, ValueError) as error:
                raise DatasetError(f'{file}: entry {number}: {error!r}') from error


def _entry(id: str, split: str, values: dict[str, Any]) -> _Entry:
    # Of the height and the width of the image, as shares.
    top, left, bottom, right = map(float, values['box'])
    cut = Cut(float(values['start_time']), float(values['end_time']), (left, top, right, bottom))
    signer = str(values['signer_id'])
    # The class; clean_text is the word that a video was found by.
    return _Entry(id, values['text'], values['url'], split, signer, cut)
