"""Kaggle asl-signs (Google Isolated Sign Language Recognition): a Parquet file per clip.

train.csv names the clips; each has 543 Holistic landmarks a frame, of which the face is left out.
Signers filmed themselves with phones: y is taken for a share of an upright 4:3 image; the
proportions of the faces in four clips say a height / width of 1.21, 1.24, 1.27 and 1.53.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import (
    ImportOptions,
    Item,
    Source,
    read_json,
    read_table,
)
from sign_recognition.datasets.extraction import uneven_stamps
from sign_recognition.datasets.holistic import to_layout
from sign_recognition.landmarks import LEFT_HAND, POINT_COUNT, POSE, RIGHT_HAND, Points

_INDEX = 'train.csv'
_CLASSES = 'sign_to_prediction_index_map.json'
_INDEX_COLUMNS = ('path', 'participant_id', 'sequence_id', 'sign')
_CLIP_COLUMNS = ('frame', 'type', 'landmark_index', 'x', 'y', 'z')
_FIRST_POINTS = {
    'left_hand': LEFT_HAND.start,
    'right_hand': RIGHT_HAND.start,
    'pose': POSE.start,
}
_RATE_HZ = 30.0
_USUAL_ASPECT = 4 / 3


COMPETITION = 'asl-signs'


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips that train.csv names.

    Raises:
        DatasetError: train.csv or the index of the classes is missing or broken, or they disagree.
    """
    rows = read_table(path / _INDEX, _INDEX_COLUMNS)
    numbers = read_json(path / _CLASSES)
    for row in rows:
        if row['sign'] not in numbers:
            raise DatasetError(f'{path / _INDEX}: sign {row["sign"]!r} is not in {_CLASSES}')
    count = options.classes or len(numbers)
    items = [_item(path, row, options) for row in rows if numbers[row['sign']] < count]
    return Source('asl-signs', 'by the rules of Kaggle asl-signs', items, heavy=len(items) > 1000)


def _item(root: Path, row: dict[str, str], options: ImportOptions) -> Item:
    return Item(row['sequence_id'], row['path'], partial(_read_clip, root, row, options))


def _read_clip(root: Path, row: dict[str, str], options: ImportOptions) -> Clip:
    points, frames = _read_points(root / row['path'])
    rate_hz = options.rate_hz or _RATE_HZ
    stamps_s = (frames - frames[0]) / rate_hz
    return Clip(
        row['sequence_id'], row['sign'],
        to_layout(points, options.aspect or _USUAL_ASPECT, options.mirrored),
        rate_hz, row['participant_id'], mirrored=options.mirrored,
        stamps_s=uneven_stamps(stamps_s, rate_hz), source=row['path'],
    )  # fmt: skip


def _read_points(file: Path) -> tuple[Points, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """(F, 75, 3) as the file has them, and (F,) the numbers of the frames."""
    try:
        table = pq.read_table(file, columns=list(_CLIP_COLUMNS), partitioning=None)
        table = table.filter(pc.is_in(table['type'], pa.array(list(_FIRST_POINTS))))
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f'{file}: {error}') from error
    first = np.array([_FIRST_POINTS[each] for each in table['type'].to_pylist()], np.int64)
    index = first + table['landmark_index'].to_numpy()
    frames, row = np.unique(table['frame'].to_numpy(), return_inverse=True)
    if not len(frames) or len(index) != len(frames) * POINT_COUNT:
        raise DatasetError(
            f'{file}: {len(index)} points of hands and body in {len(frames)} frames, '
            f'allowed are {POINT_COUNT} a frame'
        )
    points = np.full((len(frames), POINT_COUNT, 3), np.nan, np.float32)
    points[row, index] = np.stack([table[axis].to_numpy() for axis in 'xyz'], axis=1)
    return points, frames.astype(np.int64)
