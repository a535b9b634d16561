"""Landmark tables: a CSV file with a row per frame, the frames of a clip below each other.

Columns: clip, frame, label, if known signer, split and time_s, and any of left_hand_0_x to
right_hand_20_z and pose_32_z. An empty cell, or a point without columns, was not seen. A table
without any z is of flat landmarks: their depth is 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import ImportOptions, Item, Source, first_labels
from sign_recognition.datasets.extraction import uneven_stamps
from sign_recognition.datasets.holistic import to_layout
from sign_recognition.landmarks import LEFT_HAND, POINT_COUNT, POSE, RIGHT_HAND

_NEEDED = ('clip', 'frame', 'label')
_OPTIONAL = ('signer', 'split')
_PARTS = {'left_hand': LEFT_HAND, 'right_hand': RIGHT_HAND, 'pose': POSE}
_COLUMN = re.compile(rf'({"|".join(_PARTS)})_(\d+)_([xyz])')
_USUAL_RATE_HZ = 30.0
_AXES = 'xyz'
_Z = 2


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips of a table.

    Raises:
        DatasetError: the file is no such table; names the column or line.
    """
    table = _Table(path)
    facts = table.facts
    begins = [i for i in range(len(facts['clip'])) if i == 0 or _differ(facts['clip'], i)]
    wanted = first_labels((facts['label'][i] for i in begins), options.classes)
    items = []
    for begin, end in zip(begins, [*begins[1:], len(facts['clip'])], strict=True):
        clip, label = facts['clip'][begin], facts['label'][begin]
        if label in wanted:
            read = partial(_read_clip, table, begin, end, options)
            items.append(Item(clip, path.name, read))
    return Source(path.stem, 'of the table: not known', items, one_file=True)


def _differ(values: list[Any], index: int) -> bool:
    return bool(values[index] != values[index - 1])


def _read_clip(table: _Table, begin: int, end: int, options: ImportOptions) -> Clip:
    facts = {name: values[begin] for name, values in table.facts.items()}
    rate_hz = options.rate_hz or _USUAL_RATE_HZ
    points, times_s = table.rows(begin, end)
    if np.isnan(times_s).all():
        times_s = np.array(table.facts['frame'][begin:end]) / rate_hz
    stamps_s = times_s - times_s[0]
    if len(stamps_s) > 1 and stamps_s[-1] > 0:
        rate_hz = (len(stamps_s) - 1) / stamps_s[-1]
    return Clip(
        facts['clip'], facts['label'], to_layout(points, options.aspect or 1.0, options.mirrored),
        rate_hz, facts.get('signer', ''), official=facts.get('split', ''),
        mirrored=options.mirrored, stamps_s=uneven_stamps(stamps_s, rate_hz),
        source=table.path.name,
    )  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where in the layout the values of a column go."""

    column: str
    point: int
    axis: int


class _Table:
    """A CSV file whose numbers are read in the order of its rows, a few thousand at a time.

    Attributes:
        path: the file.
        facts: a list per column that is no coordinate.

    Raises:
        DatasetError: the file is missing or is no such table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        names = self._open().schema.names
        missing = set(_NEEDED) - set(names)
        if missing:
            raise DatasetError(f'{path}: has no column {sorted(missing)}')
        self._timed = 'time_s' in names
        self._places = self._find_places(names)
        self.facts = self._read_facts([n for n in (*_NEEDED, *_OPTIONAL) if n in names])
        self._batches: pa_csv.CSVStreamingReader | None = None
        self._batch: pa.RecordBatch | None = None
        self._batch_begin = 0

    def _find_places(self, names: list[str]) -> list[_Place]:
        places = []
        for name in names:
            found = _COLUMN.fullmatch(name)
            if not found:
                continue
            part, index = _PARTS[found[1]], int(found[2])
            if index >= part.stop - part.start:
                raise DatasetError(
                    f'{self.path}: column {name!r}, allowed are points 0 to '
                    f'{part.stop - part.start - 1}'
                )
            places.append(_Place(name, part.start + index, _AXES.index(found[3])))
        if not places:
            raise DatasetError(f'{self.path}: has no column like right_hand_0_x')
        self._check_whole(places)
        return places

    def _check_whole(self, places: list[_Place]) -> None:
        """Refuse points that lack a coordinate: nothing would be seen of them in any frame."""
        axes = _AXES if any(place.axis == _Z for place in places) else _AXES[:_Z]
        columns = {place.column for place in places}
        for point in sorted({name.rpartition('_')[0] for name in columns}):
            if missing := [axis for axis in axes if f'{point}_{axis}' not in columns]:
                raise DatasetError(
                    f'{self.path}: has no column {point}_{missing[0]}, allowed are x, y and z of '
                    'each point, or x and y of each'
                )

    def _open(self, types: dict[str, pa.DataType] | None = None) -> pa_csv.CSVStreamingReader:
        """The rows of the file, of the columns with a type.

        Raises:
            DatasetError: the file is missing, or is no CSV.
        """
        options = pa_csv.ConvertOptions(
            column_types=types, include_columns=list(types or ()), quoted_strings_can_be_null=True
        )
        try:
            return pa_csv.open_csv(self.path, convert_options=options)
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f'{self.path}: {error}') from error

    def _read_facts(self, names: list[str]) -> dict[str, list[Any]]:
        types = {name: pa.int64() if name == 'frame' else pa.string() for name in names}
        try:
            facts: dict[str, list[Any]] = self._open(types).read_all().to_pydict()
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f'{self.path}: {error}') from error
        for name in _NEEDED:
            if any(value in (None, '') for value in facts[name]):
                line = next(i for i, v in enumerate(facts[name], 2) if v in (None, ''))
                raise DatasetError(f'{self.path}:{line}: no value for {name!r}')
        return facts

    def rows(self, begin: int, end: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """(F, 75, 3) float32 and (F,) seconds, NaN where there is none, of some rows.

        Raises:
            DatasetError: a value is no number.
        """
        pieces = []
        while begin < end:
            batch = self._seek(begin)
            count = min(end, self._batch_begin + batch.num_rows) - begin
            pieces.append(batch.slice(begin - self._batch_begin, count))
            begin += count
        table = pa.Table.from_batches(pieces)
        points = np.full((table.num_rows, POINT_COUNT, 3), np.nan, np.float32)
        for place in self._places:
            points[:, place.point, place.axis] = table[place.column].to_numpy()
        if not any(place.axis == _Z for place in self._places):
            points[..., _Z] = 0.0
        # A point is seen or not: one coordinate without the others says nothing.
        points[np.isnan(points).any(axis=2)] = np.nan
        nothing = np.full(table.num_rows, np.nan)
        times_s = table['time_s'].to_numpy() if self._timed else nothing
        return points, times_s

    def _seek(self, row: int) -> pa.RecordBatch:
        """The batch that holds a row; rows are asked for in their order."""
        if self._batches is None:
            types = {place.column: pa.float32() for place in self._places}
            self._batches = self._open(types | ({'time_s': pa.float64()} if self._timed else {}))
        try:
            while self._batch is None or row >= self._batch_begin + self._batch.num_rows:
                self._batch_begin += self._batch.num_rows if self._batch is not None else 0
                self._batch = self._batches.read_next_batch()
        except (pa.ArrowException, OSError, StopIteration) as error:
            raise DatasetError(f'{self.path}: {error}') from error
        return self._batch
