"""Writes one SQLite file of rosbag2, in transactions; each that was committed stays."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sign_recognition.bags.storage import Part, Record, Topic

# Version 4 of rosbag2's schema, the one of Jazzy. Changes wait in memory (cache_spill) and come to
# the file by commits alone.
_SET_UP = """
PRAGMA cache_spill = OFF;
CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT NOT NULL);
CREATE TABLE metadata(
  id INTEGER PRIMARY KEY, metadata_version INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE topics(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,
  serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL,
  type_description_hash TEXT NOT NULL);
CREATE TABLE message_definitions(
  id INTEGER PRIMARY KEY, topic_type TEXT NOT NULL, encoding TEXT NOT NULL,
  encoded_message_definition TEXT NOT NULL, type_description_hash TEXT NOT NULL);
CREATE TABLE messages(
  id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
INSERT INTO schema VALUES (4, 'jazzy');
"""


class SqliteOutput:
    """An SQLite file being written.

    Args:
        path: the file, which must not exist.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.open('xb').close()
        self._parts: list[Part] = []
        self._known: dict[str, Topic] = {}
        self._stored: dict[str, int] = {}
        self._waiting: list[Record] = []
        self._connection = sqlite3.connect(path, isolation_level=None)
        with self._as_os_error():
            self._connection.executescript(_SET_UP)

    @property
    def parts(self) -> Sequence[Part]:
        """What of the file is safe."""
        return self._parts

    @property
    def size_bytes(self) -> int:
        """How long the file is, without what waits for a flush."""
        return self._path.stat().st_size

    def add_topic(self, topic: Topic) -> None:
        """Make a topic known; its messages may follow."""
        self._known[topic.name] = topic

    def write(self, record: Record) -> None:
        """Take a message of a known topic; it is safe after the next flush."""
        self._waiting.append(record)

    def flush(self) -> None:
        """Commit the messages so far, so that they outlive this process.

        Raises:
            OSError: they could not be written, and are lost; the file is as it was.
        """
        records, self._waiting = self._waiting, []
        if not records:
            return
        with self._as_os_error(), self._transaction():
            self._store_topics()
            rows = [(self._stored[each.topic], each.log_ns, each.data) for each in records]
            self._connection.executemany(
                'INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)', rows
            )
        times_ns = [each.log_ns for each in records]
        counts = Counter(each.topic for each in records)
        self._parts.append(Part(min(times_ns), max(times_ns), counts))

    def finish(self) -> None:
        """Store the topics of which no message came.

        Raises:
            OSError: they could not be written; the file is as it was.
        """
        with self._as_os_error(), self._transaction():
            self._store_topics()

    def drop_last(self) -> bool:
        """A database gives no room back: False."""
        return False

    def close(self) -> None:
        """Close the file as it is."""
        self._connection.close()

    def _store_topics(self) -> None:
        types = {self._known[name].msgtype for name in self._stored}
        for name in [name for name in self._known if name not in self._stored]:
            topic = self._known[name]
            cursor = self._connection.execute(
                'INSERT INTO topics (name, type, serialization_format, offered_qos_profiles, '
                "type_description_hash) VALUES (?, ?, 'cdr', ?, ?)",
                (topic.name, topic.msgtype, topic.qos, topic.type_hash),
            )
            self._stored[name] = int(cursor.lastrowid or 0)
            if topic.msgtype in types:
                continue
            types.add(topic.msgtype)
            self._connection.execute(
                'INSERT INTO message_definitions (topic_type, encoding, '
                'encoded_message_definition, type_description_hash) VALUES (?, ?, ?, ?)',
                (topic.msgtype, topic.definition.encoding, topic.definition.text, topic.type_hash),
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        stored = dict(self._stored)
        self._connection.execute('BEGIN')
        try:
            yield
            self._connection.execute('COMMIT')
        except sqlite3.Error:
            self._stored = stored
            if self._connection.in_transaction:
                self._connection.execute('ROLLBACK')
            raise

    @contextlib.contextmanager
    def _as_os_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
