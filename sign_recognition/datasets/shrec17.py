"""Reader of the SHREC'17 track data set of dynamic hand gestures, in its official layout.

Source: De Smedt et al., SHREC'17 Track: 3D Hand Gesture Recognition Using a Depth and Skeletal
Dataset, 3DOR 2017. One depth camera, right hands only, about 30 Hz; a clip holds one gesture, often
with the movement back to where the hand came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import ImportOptions, Item, Source
from sign_recognition.landmarks import POINT_COUNT, RIGHT_HAND, Points
from sign_recognition.vocabulary import GESTURES

LIST_FILES = ('train_gestures.txt', 'test_gestures.txt')
RATE_HZ = 30.0
SPACE = 'world'

_JOINTS = 22
# Joint 1 is the palm's middle, which MediaPipe lacks; the other 21 are in MediaPipe's order.
_PALM_JOINT = 1
_LIST_COLUMNS = 7
# As in the folders of its clips.
_FINGERS = {'finger_1': 'one finger', 'finger_2': 'whole hand'}
_Y_DOWN = np.array((1, -1, 1), np.float32)


class Shrec17Error(DatasetError):
    """A file of the data set is missing or broken; the message names the file and the value."""


@dataclass(frozen=True)
class Shrec17Clip:
    """One clip.

    Attributes:
        points: (F, 75, 3) float32 in metres, x to the right, y DOWN (the files have it up), z away
            from the camera; the right hand's points are filled, all others NaN.
        label: one of GESTURES.
        signer: the subject's number, as text.
        fingers: 1 for one finger, 2 for the whole hand.
        attempt: the number that the data set calls essai.
        rate_hz: frames per second.
        space: always 'world'.
    """

    points: Points
    label: str
    signer: str
    fingers: int
    attempt: int
    rate_hz: float = RATE_HZ
    space: str = SPACE


@dataclass(frozen=True)
class Entry:
    """A clip that a list file names.

    Attributes:
        root: the folder of the data set.
        row: gesture, finger, subject, essai, label of 14, label of 28, frames.
        official: 'train' or 'test'.
    """

    root: Path
    row: tuple[int, ...]
    official: str

    @property
    def folder(self) -> str:
        """Where the clip is, below the root."""
        gesture, fingers, subject, attempt, *_ = self.row
        return f'gesture_{gesture}/finger_{fingers}/subject_{subject}/essai_{attempt}'


def open_source(path: Path, options: ImportOptions) -> Source:
    """All clips that the list files name.

    Raises:
        Shrec17Error: both list files are missing, or one is broken.
    """
    items = [
        Item(entry.folder, entry.folder, partial(_to_clip, entry))
        for entry in list_clips(path)
        if entry.row[4] <= (options.classes or len(GESTURES))
    ]
    return Source("SHREC'17 track", 'not stated: research use only', items)


def _to_clip(entry: Entry) -> Clip:
    clip = read_clip(entry)
    return Clip(
        entry.folder, clip.label, clip.points, clip.rate_hz, clip.signer, space=clip.space,
        official=entry.official, source=entry.folder,
    )  # fmt: skip


def fine_label(clip: Clip) -> str:
    """One of the 28 labels, which tell one finger from the whole hand; others keep their own."""
    for part in Path(clip.source).parts:
        if part in _FINGERS:
            return f'{clip.label}, {_FINGERS[part]}'
    return clip.label


def list_clips(root: Path | str) -> list[Entry]:
    """What the list files of a folder name; one of the two list files is enough.

    Args:
        root: the folder HandGestureDataset_SHREC2017.

    Raises:
        Shrec17Error: both list files are missing, or one is broken.
    """
    lists = [Path(root) / name for name in LIST_FILES if (Path(root) / name).is_file()]
    if not lists:
        raise Shrec17Error(f'{root}: holds neither {" nor ".join(LIST_FILES)}')
    return [entry for each in lists for entry in _read_list(each)]


def read_clips(root: Path | str) -> list[Shrec17Clip]:
    """All clips that the list files of a folder name.

    Raises:
        Shrec17Error: both list files are missing, or a file is missing or broken.
    """
    return [read_clip(entry) for entry in list_clips(root)]


def _read_list(list_file: Path) -> Iterator[Entry]:
    official = list_file.name.split('_')[0]
    for number, line in enumerate(_text(list_file).splitlines(), start=1):
        if line.strip():
            yield Entry(list_file.parent, _parse_row(line, f'{list_file}:{number}'), official)


def _text(list_file: Path) -> str:
    try:
        return list_file.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise Shrec17Error(f'{list_file}: is no text ({error})') from error


def _parse_row(line: str, place: str) -> tuple[int, ...]:
    """gesture, finger, subject, essai, label of 14, label of 28, frames."""
    try:
        row = tuple(int(value) for value in line.split())
    except ValueError as error:
        raise Shrec17Error(f'{place}: {line!r}, allowed are whole numbers') from error
    if len(row) != _LIST_COLUMNS:
        raise Shrec17Error(f'{place}: {len(row)} columns, allowed are {_LIST_COLUMNS}')
    if not 1 <= row[4] <= len(GESTURES):
        raise Shrec17Error(f'{place}: label {row[4]}, allowed are 1 to {len(GESTURES)}')
    return row


def read_clip(entry: Entry) -> Shrec17Clip:
    """The clip of an entry.

    Raises:
        Shrec17Error: its file is missing or broken.
    """
    _, fingers, subject, attempt, label, _, frames = entry.row
    joints = _read_joints(entry.root / entry.folder / 'skeletons_world.txt', frames)
    points = np.full((frames, POINT_COUNT, 3), np.nan, np.float32)
    points[:, RIGHT_HAND] = np.delete(joints, _PALM_JOINT, axis=1) * _Y_DOWN
    return Shrec17Clip(points, GESTURES[label - 1], str(subject), fingers, attempt)


def _read_joints(path: Path, frames: int) -> Points:
    """(frames, 22, 3) float32 metres, y up, as the file has them."""
    try:
        values = np.array(path.read_text().split(), np.float32)
    except FileNotFoundError as error:
        raise Shrec17Error(f'{path}: missing') from error
    except ValueError as error:
        raise Shrec17Error(f'{path}: {error}') from error
    if values.size != frames * _JOINTS * 3:
        raise Shrec17Error(
            f'{path}: {values.size} numbers, {frames} frames of {_JOINTS} joints '
            f'have {frames * _JOINTS * 3}'
        )
    if not np.isfinite(values).all():
        raise Shrec17Error(f'{path}: holds a number that is not finite')
    return values.reshape(frames, _JOINTS, 3)
