"""The landmark data set: one Parquet file with a row per clip. docs/datasets.md has the schema.

A data set is a folder with `clips.parquet` and `failures.csv`. While it is made, its parts lie in a
folder of another name, each written whole: what was broken off goes on, and nobody reads half of
it. Reading goes by row groups of some dozen clips, so that one clip is as cheap as memory.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sign_recognition.atomic import whole_file, write_whole
from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import Failure
from sign_recognition.datasets.info import CLIPS_FILE, FORMAT, DatasetInfo
from sign_recognition.landmarks import LAYOUT_VERSION, POINT_COUNT

FAILURES_FILE = 'failures.csv'
CLIPS_PER_GROUP = 64

_METADATA_KEY = b'sign_recognition'
_UNFINISHED_SUFFIX = '.unfinished'
_IMPORT_FILE = 'import.json'
_PART_PREFIX = 'part-'
_VALUES_PER_FRAME = POINT_COUNT * 3
# Small columns of a clip, which a reader keeps in memory for all clips.
_FACTS = {
    'id': pa.string(), 'label': pa.string(), 'signer': pa.string(), 'split': pa.string(),
    'official': pa.string(), 'fold': pa.int8(), 'rate_hz': pa.float32(), 'space': pa.string(),
    'mirrored': pa.bool_(), 'source': pa.string(), 'start_s': pa.float64(),
}  # fmt: skip
_SIZES = {'frames': pa.int32(), 'width_px': pa.int32(), 'height_px': pa.int32()}
_REPEATED = ('label', 'signer', 'split', 'official', 'space', 'source')


def schema(info: DatasetInfo, half: bool = False) -> pa.Schema:
    """The Parquet schema of a data set; half: points as float16."""
    points = pa.list_(pa.float16() if half else pa.float32())
    columns = {**_FACTS, **_SIZES, 'stamps_s': pa.list_(pa.float64()), 'points': points}
    return pa.schema(columns, {_METADATA_KEY: json.dumps(asdict(info)).encode()})


class DatasetWriter:
    """Writes a data set clip by clip; memory holds one row group at most.

    Args:
        folder: of the data set; must not exist, and does so only after `finish`.
        info: what it says of itself.
        options: how it is imported; an unfinished import goes on only with the same ones.
        half: points as float16.

    Attributes:
        done: ids that an earlier, unfinished import has written.

    Raises:
        DatasetError: the folder exists, or an unfinished import in its place is another one.
        OSError: it cannot be written.
    """

    def __init__(
        self, folder: Path, info: DatasetInfo, options: dict[str, Any], half: bool = False
    ) -> None:
        if folder.exists():
            raise DatasetError(f'{folder}: is there already; allowed is a new folder')
        self._folder = folder
        self._unfinished = folder.with_name(folder.name + _UNFINISHED_SUFFIX)
        self._schema = schema(info, half)
        self._begin({**asdict(info), 'options': options, 'half': half})
        self._clips: list[Clip] = []
        parts = self._part_files()
        # Not their count: `finish` may have been cut when it had removed the first of them.
        self._next_part = 1 + int(parts[-1].stem.removeprefix(_PART_PREFIX)) if parts else 0
        self.done = {id for part in parts for id in _read_ids(part)}

    def _begin(self, facts: dict[str, Any]) -> None:
        note, text = self._unfinished / _IMPORT_FILE, json.dumps(facts, indent=1, default=str)
        if note.is_file() and note.read_text(encoding='utf-8') != text:
            raise DatasetError(
                f'{self._unfinished}: holds an unfinished import with other options; '
                'repeat those or delete it'
            )
        self._unfinished.mkdir(parents=True, exist_ok=True)
        write_whole(note, text)

    def _part_files(self) -> list[Path]:
        return sorted(self._unfinished.glob(f'{_PART_PREFIX}*.parquet'))

    def add(self, clip: Clip) -> None:
        """Add one clip.

        Raises:
            DatasetError: its id is there already.
        """
        if clip.id in self.done:
            raise DatasetError(f'clip {clip.id!r}: is there twice')
        self.done.add(clip.id)
        self._clips.append(clip)
        if len(self._clips) >= CLIPS_PER_GROUP:
            self.flush()

    def flush(self) -> None:
        """Put what was added on disk, so that a later import can go on after it."""
        if not self._clips:
            return
        table = _to_table(self._clips, self._schema)
        part = self._unfinished / f'{_PART_PREFIX}{self._next_part:06d}.parquet'
        with _clips_file(part, self._schema) as write:
            write(table)
        self._clips = []
        self._next_part += 1

    def finish(self, failures: Iterable[Failure] = ()) -> None:
        """Make the data set of its parts: from now on it is there."""
        self.flush()
        with _clips_file(self._unfinished / CLIPS_FILE, self._schema) as write:
            for part in self._part_files():
                write(pq.read_table(part, schema=self._schema))
        with (self._unfinished / FAILURES_FILE).open('w', newline='', encoding='utf-8') as file:
            csv.writer(file).writerows([Failure._fields, *failures])
        for part in self._part_files():
            part.unlink()
        # After the parts: as long as there are any, it says whose they are.
        (self._unfinished / _IMPORT_FILE).unlink()
        self._unfinished.replace(self._folder)

    def discard(self) -> None:
        """Forget the import."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def write_dataset(folder: Path, info: DatasetInfo, clips: Iterable[Clip]) -> int:
    """Write a data set at once into a folder that is there; says how many clips it has.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    count, file_schema, remaining = 0, schema(info), iter(clips)
    with _clips_file(folder / CLIPS_FILE, file_schema) as write:
        while group := list(islice(remaining, CLIPS_PER_GROUP)):
            write(_to_table(group, file_schema))
            count += len(group)
    return count


@contextmanager
def _clips_file(path: Path, file_schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """A Parquet file that is there whole or not at all; what is given writes a row group."""
    with (
        whole_file(path) as unfinished,
        pq.ParquetWriter(
            unfinished,
            file_schema,
            compression='zstd',
            use_dictionary=list(_REPEATED),
            # Neighbouring coordinates share their first bytes: side by side these compress well.
            use_byte_stream_split=['points.list.element'],
        ) as writer,
    ):
        yield writer.write_table


def _read_ids(path: Path) -> list[str]:
    ids: list[str] = pq.read_table(path, columns=['id'])['id'].to_pylist()
    return ids


def _to_table(clips: Sequence[Clip], table_schema: pa.Schema) -> pa.Table:
    columns: dict[str, Any] = {name: [getattr(clip, name) for clip in clips] for name in _FACTS}
    columns['frames'] = [len(clip.points) for clip in clips]
    columns['width_px'], columns['height_px'] = zip(*(clip.size_px for clip in clips), strict=True)
    stamps = [() if clip.stamps_s is None else clip.stamps_s for clip in clips]
    columns['stamps_s'] = _to_lists(stamps, np.float64)
    half = table_schema.field('points').type.value_type == pa.float16()
    dtype = np.float16 if half else np.float32
    columns['points'] = _to_lists([clip.points.reshape(-1) for clip in clips], dtype)
    return pa.table(columns, schema=table_schema)


def _to_lists(rows: Sequence[Any], dtype: Any) -> pa.ListArray:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    values = np.concatenate([np.asarray(row, dtype) for row in rows])
    return pa.ListArray.from_arrays(offsets, values)


class Dataset:
    """A landmark data set on disk.

    Args:
        folder: of the data set.

    Attributes:
        info: what it says of itself.
        facts: a column per fact, a row per clip: all but points and stamps.

    Raises:
        DatasetError: it is none, is broken, or was written in another layout.
    """

    def __init__(self, folder: Path | str) -> None:
        self.path = Path(folder) / CLIPS_FILE
        self._file = _open(self.path)
        self.info = _read_info(self.path, self._file.schema_arrow)
        self.facts = self._read(lambda: self._file.read([*_FACTS, *_SIZES]))
        sizes = [self._file.metadata.row_group(i).num_rows for i in range(self._groups)]
        self._first_rows = np.cumsum([0, *sizes])
        self._cached: tuple[int, list[Clip]] = (-1, [])

    @property
    def _groups(self) -> int:
        return int(self._file.num_row_groups)

    def __len__(self) -> int:
        return int(self.facts.num_rows)

    def column(self, name: str) -> list[Any]:
        """One fact of all clips, as 'label' or 'frames'."""
        values: list[Any] = self.facts[name].to_pylist()
        return values

    def clip(self, row: int) -> Clip:
        """One clip; cheap where rows of one row group follow each other.

        Raises:
            IndexError: there is no such row.
            DatasetError: the file is broken.
        """
        if not 0 <= row < len(self):
            raise IndexError(f'row {row} of {len(self)}')
        group = int(np.searchsorted(self._first_rows, row, side='right')) - 1
        if self._cached[0] != group:
            self._cached = group, self._read_group(group)
        clip: Clip = self._cached[1][row - int(self._first_rows[group])]
        return clip

    def clips(self) -> Iterator[Clip]:
        """All clips in their order; memory holds one row group at most.

        Raises:
            DatasetError: the file is broken.
        """
        for group in range(self._groups):
            yield from self._read_group(group)

    def _read_group(self, group: int) -> list[Clip]:
        return _to_clips(self._read_table(group))

    def _read_table(self, group: int) -> pa.Table:
        return self._read(lambda: self._file.read_row_group(group).combine_chunks())

    def _read(self, read: Callable[[], pa.Table]) -> pa.Table:
        try:
            return read()
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f'{self.path}: broken: {_one_line(error)}') from error

    def rewrite(self, split: Sequence[str], fold: Sequence[int]) -> None:
        """Give each clip another split and fold; the file is replaced when all is written."""
        with _clips_file(self.path, self._file.schema_arrow) as write:
            for group in range(self._groups):
                rows = slice(self._first_rows[group], self._first_rows[group + 1])
                table = self._read_table(group)
                for name, values in (('split', split[rows]), ('fold', fold[rows])):
                    field = table.schema.field(name)
                    column = table.schema.get_field_index(name)
                    table = table.set_column(column, field, pa.array(values, field.type))
                write(table)


def _open(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        unfinished = path.parent.with_name(path.parent.name + _UNFINISHED_SUFFIX)
        hint = f'; the import into {unfinished} is not finished' if unfinished.is_dir() else ''
        raise DatasetError(f'{path.parent}: is no data set (no {CLIPS_FILE}){hint}')
    try:
        return pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f'{path}: {_one_line(error)}') from error


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())


def _read_info(path: Path, file_schema: pa.Schema) -> DatasetInfo:
    try:
        info = DatasetInfo(**json.loads((file_schema.metadata or {})[_METADATA_KEY]))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f'{path}: was not written by `sign-recognition dataset`') from error
    for name, value, allowed in (
        ('format', info.format, FORMAT),
        ('layout', info.layout, LAYOUT_VERSION),
    ):
        if value != allowed:
            raise DatasetError(f'{path}: {name} {value!r}, this code reads {allowed!r}')
    return info


def _to_clips(table: pa.Table) -> list[Clip]:
    """The clips of a row group; their arrays are views of the table's memory."""
    facts = table.select([*_FACTS, *_SIZES]).to_pylist()
    points, stamps = _views(table['points']), _views(table['stamps_s'])
    clips = []
    for row, values, stamps_s in zip(facts, points, stamps, strict=True):
        frames = row.pop('frames')
        size_px = row.pop('width_px'), row.pop('height_px')
        shaped = values.reshape(frames, POINT_COUNT, 3)
        uneven = stamps_s if len(stamps_s) else None
        clips.append(Clip(**row, size_px=size_px, points=shaped, stamps_s=uneven))
    return clips


def _views(column: pa.ChunkedArray) -> Iterator[Any]:
    """The lists of a column as numpy arrays, without copies."""
    for chunk in column.chunks:
        values = chunk.values.to_numpy(zero_copy_only=True)
        offsets = chunk.offsets.to_numpy()
        yield from (values[begin:end] for begin, end in zip(offsets, offsets[1:], strict=False))
