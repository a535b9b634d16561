"""WLASL: WLASL_v0.3.json (or WLASL100.json ...) and the videos that the user has.

Videos lie in videos/<video_id>.mp4, as WLASL's own scripts leave them: already cut where many clips
come from one film. What yt-dlp fetched whole lies in raw_videos/, and is cut here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sign_recognition.datasets.clip import SPLITS, Clip, DatasetError
from sign_recognition.datasets.collection import (
    Failure,
    ImportOptions,
    Item,
    Source,
    read_json,
)
from sign_recognition.datasets.downloads import Wanted, video_key
from sign_recognition.datasets.extraction import ClipFacts, Cut, find_video, read_video
from sign_recognition.sources.files import VideoFile

_INDEX = 'WLASL_v0.3.json'
_CUT, _WHOLE = 'videos', 'raw_videos'
_TO_THE_END = -1
_ANY_SIZE_PX = (1 << 16, 1 << 16)


class _Instance(NamedTuple):
    """A clip as the index names it: frames from 1, both ends included; box in pixels."""

    label: str
    video_id: str
    url: str
    split: str
    signer: str
    first_frame: int
    last_frame: int
    box_px: tuple[float, float, float, float]


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips whose videos are there; those whose are not are missing.

    Raises:
        DatasetError: the index is missing or broken.
    """
    items, missing = [], []
    for each in _instances(path, options.classes):
        file = find_video(path / _CUT, each.video_id) or find_video(path / _WHOLE, _raw_stem(each))
        if file is None:
            missing.append(Failure(each.video_id, each.url, f'no video in {_CUT} or {_WHOLE}'))
        else:
            items.append(_item(path, file, each, options))
    return Source('WLASL', 'C-UDA: research use', items, tuple(missing), heavy=True)


def wanted_videos(path: Path, options: ImportOptions) -> list[Wanted]:
    """The videos that are not there.

    Raises:
        DatasetError: the index is missing or broken.
    """
    return [
        Wanted(each.url, path / _WHOLE, _raw_stem(each))
        for each in _instances(path, options.classes)
        if find_video(path / _CUT, each.video_id) is None
    ]


def _raw_stem(instance: _Instance) -> str:
    return video_key(instance.url) or instance.video_id


def _instances(path: Path, classes: int | None) -> Iterator[_Instance]:
    index = path / _INDEX
    if not index.is_file():
        index = next(iter(sorted(path.glob('WLASL*.json'))), index)
    glosses = read_json(index)
    if not isinstance(glosses, list):
        raise DatasetError(f'{index}: allowed is a list of glosses')
    for gloss in glosses[:classes]:
        try:
            yield from (_instance(gloss['gloss'], each) for each in gloss['instances'])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f'{index}: gloss {str(gloss)[:60]}...: {error!r}') from error


def _instance(gloss: str, values: dict[str, Any]) -> _Instance:
    left, top, right, bottom = map(float, values['bbox'])
    split = values['split']
    if split not in SPLITS:
        raise ValueError(f'split {split!r}, allowed are {SPLITS}')
    signer = int(values['signer_id'])
    return _Instance(
        gloss, str(values['video_id']), values['url'], split, str(signer) if signer >= 0 else '',
        int(values['frame_start']), int(values['frame_end']), (left, top, right, bottom),
    )  # fmt: skip


def _item(root: Path, file: Path, instance: _Instance, options: ImportOptions) -> Item:
    source = file.relative_to(root).as_posix()
    return Item(instance.video_id, source, partial(_read_clip, root, file, instance, options))


def _read_clip(root: Path, file: Path, instance: _Instance, options: ImportOptions) -> Clip:
    source = file.relative_to(root).as_posix()
    facts = ClipFacts(instance.video_id, instance.label, source, instance.signer, instance.split)
    return read_video(file, facts, _cut(file, instance), options)


def _cut(file: Path, instance: _Instance) -> Cut:
    """Frames and pixels of the index in the terms of the video that is there."""
    video = VideoFile(file, _ANY_SIZE_PX)
    first = video.read()
    video.close()
    assert first is not None  # VideoFile refuses a video without images
    height, width = first.image_bgr.shape[:2]
    left, top, right, bottom = instance.box_px
    box = (left / width, top / height, right / width, bottom / height)
    frames = round((video.length_s or np.inf) * video.rate_hz) if video.length_s else np.inf
    last = np.inf if instance.last_frame == _TO_THE_END else instance.last_frame
    already_cut = file.parent.name == _CUT and frames < max(instance.first_frame, last)
    if already_cut or (instance.first_frame <= 1 and last == np.inf):
        return Cut(box=box)
    # Half a frame earlier and later: stamps are rounded.
    return Cut((instance.first_frame - 1.5) / video.rate_hz, (last - 0.5) / video.rate_hz, box)
