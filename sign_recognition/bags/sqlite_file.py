"""Reads one SQLite file of rosbag2, whole or up to where it is cut."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from sign_recognition.bags.storage import BagError, CutError, Definition, Record

MAGIC = b'SQLite format 3\0'

# A file that a killed recorder left takes writing to roll back; a read-only folder forbids even
# the lock of mode=ro where the file was written with a write-ahead log.
_MODES = ('mode=ro', 'mode=rw', 'immutable=1')


class SqliteFile:
    """An SQLite file with the tables of rosbag2.

    Args:
        path: the file.
        name: the file that errors name, where `path` is a copy of it.

    Attributes:
        topics: topic to msgtype.
        definitions: by msgtype; older files hold none.
        complete: False where the end of the file is missing.

    Raises:
        CutError: the file ends before its first message.
        BagError: the file is no rosbag2 storage.
    """

    def __init__(self, path: Path, name: Path) -> None:
        self._name = name
        self._cut = _is_cut(path)
        self.complete = not self._cut and not _has_open_transaction(path)
        with contextlib.ExitStack() as resources:
            if self._cut:
                path = _whole_pages(path, resources)
            try:
                self._connection = _connect(path, self._cut)
                resources.callback(self._connection.close)
                self._describe()
            except sqlite3.Error as error:
                if self._cut:
                    raise CutError(f'{name}: ends before its first message') from error
                raise BagError(f'{name}: no rosbag2 storage ({error})') from error
            self._resources = resources.pop_all()

    def records(self, topics: Collection[str] | None) -> Iterator[Record]:
        """Its messages in the order of log_ns.

        Raises:
            BagError: the file is damaged.
        """
        wanted = {
            number: about
            for number, about in self._topics.items()
            if topics is None or about[0] in topics
        }
        for number, log_ns, data in self._rows():
            if number in wanted:
                yield Record(*wanted[number], log_ns, data)

    def close(self) -> None:
        """Close the file."""
        self._resources.close()

    def _describe(self) -> None:
        rows = self._connection.execute('SELECT id, name, type, serialization_format FROM topics')
        found = list(rows)
        self._topics = {n: (topic, msgtype) for n, topic, msgtype, how in found if how == 'cdr'}
        if found and not self._topics:
            how = ', '.join(sorted({row[-1] for row in found}))
            raise BagError(f'{self._name}: its messages are {how!r}, read is cdr (ROS 2)')
        self.topics: Mapping[str, str] = dict(self._topics.values())
        self.definitions: Mapping[str, Definition] = self._read_definitions()
        if self._cut and next(self._rows(), None) is None:
            raise CutError(f'{self._name}: ends before its first message')

    def _read_definitions(self) -> dict[str, Definition]:
        query = 'SELECT topic_type, encoding, encoded_message_definition FROM message_definitions'
        with contextlib.suppress(sqlite3.Error):  # the table is younger than the format
            rows = self._connection.execute(query)
            return {name: Definition(how, text) for name, how, text in rows if text}
        return {}

    def _rows(self) -> Iterator[tuple[int, int, bytes]]:
        query = 'SELECT topic_id, timestamp, data FROM messages ORDER BY '
        if self._cut:
            yield from sorted(self._rows_up_to_the_cut(query + 'id'), key=lambda row: row[1])
            return
        try:
            yield from self._connection.execute(query + 'timestamp, id')
        except sqlite3.Error as error:
            raise BagError(f'{self._name}: {error}') from error

    def _rows_up_to_the_cut(self, query: str) -> Iterator[tuple[int, int, bytes]]:
        with contextlib.suppress(sqlite3.Error):
            yield from self._connection.execute(query)


def _connect(path: Path, is_cut: bool) -> sqlite3.Connection:
    for mode in _MODES:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                f'file:{_quoted(path)}?{mode}', uri=True, check_same_thread=False
            )
            if is_cut:
                # Without this SQLite refuses a file that is shorter than its header says.
                connection.execute('PRAGMA writable_schema=ON')
            connection.execute('SELECT count(*) FROM sqlite_master').fetchone()
        except sqlite3.Error:
            if connection is not None:
                connection.close()
            if mode == _MODES[-1]:
                raise
        else:
            return connection
    raise AssertionError('the last mode returns or raises')


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace('%', '%25').replace('?', '%3f').replace('#', '%23')


def _is_cut(path: Path) -> bool:
    """Whether the file is shorter than its header says."""
    page_bytes, pages = _page_facts(path)
    return not page_bytes or path.stat().st_size < pages * page_bytes


def _page_facts(path: Path) -> tuple[int, int]:
    """Bytes in a page and pages in the file (sqlite.org/fileformat2.html); 0 of a cut header."""
    with path.open('rb') as file:
        header = file.read(100)
    if len(header) < 100:
        return 0, 0
    page_bytes = int.from_bytes(header[16:18], 'big')
    return 65536 if page_bytes == 1 else page_bytes, int.from_bytes(header[28:32], 'big')


def _whole_pages(path: Path, resources: contextlib.ExitStack) -> Path:
    """A copy without the page that is cut, in which SQLite would read zeros as messages."""
    folder = resources.enter_context(tempfile.TemporaryDirectory(prefix='sign_recognition_'))
    copy = Path(folder) / path.name
    shutil.copyfile(path, copy)
    page_bytes, _ = _page_facts(path)
    if page_bytes:
        os.truncate(copy, path.stat().st_size // page_bytes * page_bytes)
    return copy


def _has_open_transaction(path: Path) -> bool:
    """Whether a recorder was killed, or is at work."""
    beside = [path.with_name(path.name + suffix) for suffix in ('-journal', '-wal')]
    return any(each.is_file() and each.stat().st_size for each in beside)
