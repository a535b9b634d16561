"""Writes rosbag2 bags that a crash leaves readable, without ROS."""

from __future__ import annotations

import contextlib
import errno
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sign_recognition.atomic import write_whole
from sign_recognition.bags.definitions import installed_definition, type_hash
from sign_recognition.bags.mcap_output import McapOutput
from sign_recognition.bags.reader import METADATA
from sign_recognition.bags.sqlite_output import SqliteOutput
from sign_recognition.bags.storage import (
    BagError,
    Definition,
    Part,
    Record,
    StorageOutput,
    Topic,
)

STORAGES = ('mcap', 'sqlite3')
_OUTPUTS: Mapping[str, tuple[type[McapOutput] | type[SqliteOutput], str]] = {
    'mcap': (McapOutput, '.mcap'),
    'sqlite3': (SqliteOutput, '.db3'),
}
# The form of metadata.yaml, of Jazzy.
_VERSION = 9
# Messages of so long wait in memory before they are written.
_FLUSH_NS = 500_000_000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What rosbag2 writes as the start of a bag without messages.
_NEVER_NS = 2**63 - 1


class BagWriter:
    """A rosbag2 folder being written, as a context manager.

    A message is safe from the end of this process half a second of recorded time after it was
    written, or after `flush`: files consist of small chunks that stand by themselves. A whole bag
    has an index and metadata.yaml besides, which `close` writes. When the disk is full, the bag is
    closed whole with what fits.

    Args:
        path: the folder to make; its name names the files.
        storage: 'mcap' (zstd-compressed) or 'sqlite3'.
        split_bytes: a new file begins when one is that long; 0: never.

    Raises:
        BagError: the folder exists already or cannot be made, or the storage is unknown.
    """

    def __init__(self, path: Path, storage: str = 'mcap', split_bytes: int = 0) -> None:
        if storage not in _OUTPUTS:
            raise BagError(f'storage: {storage!r}, allowed are {" and ".join(STORAGES)}')
        self.path = path
        self._storage = storage
        self._split_bytes = split_bytes
        self._topics: dict[str, Topic] = {}
        self._names: list[str] = []
        self._parts_before: list[Sequence[Part]] = []
        self._waiting_since_ns: int | None = None
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise BagError(f'{path}: exists already, a bag is written to a new folder') from None
        except OSError as error:
            raise BagError(f'{path}: {error.strerror}') from error
        self._output: StorageOutput | None = None
        try:
            self._output = self._next_file()
        except OSError as error:
            path.rmdir()
            raise BagError(f'{path}: {error.strerror or error}') from error

    @property
    def message_count(self) -> int:
        """Messages that are safe."""
        return sum(sum(part.counts.values()) for parts in self._parts() for part in parts)

    @property
    def closed(self) -> bool:
        """Whether the bag takes no more messages: it was closed, or the disk is full."""
        return self._output is None

    def add_topic(
        self,
        name: str,
        msgtype: str,
        definition: Definition | None = None,
        qos: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Make a topic known before its first message. One that was not is added by `write`.

        Args:
            name: of the topic.
            msgtype: as 'sensor_msgs/msg/Image'.
            definition: of the type; None: the one that is installed here.
            qos: a profile for each publisher, its fields named as in metadata.yaml.

        Raises:
            BagError: the type has no definition.
        """
        definition = definition or installed_definition(msgtype)
        profiles = yaml.safe_dump([dict(each) for each in qos], sort_keys=False) if qos else ''
        topic = Topic(name, msgtype, definition, type_hash(msgtype, definition), profiles)
        self._topics[name] = topic
        self._open_output().add_topic(topic)

    def write(self, record: Record) -> None:
        """Add a message.

        Raises:
            BagError: the disk is full (the bag is then closed, whole up to there), the type of the
                topic is another or has no definition, or the bag is closed.
        """
        output = self._open_output()
        if record.topic not in self._topics:
            self.add_topic(record.topic, record.msgtype)
        known = self._topics[record.topic].msgtype
        if known != record.msgtype:
            raise BagError(f'{self.path}: {record.topic} is {known}, given is {record.msgtype}')
        if self._waiting_since_ns is None:
            self._waiting_since_ns = record.log_ns
        with self._whole_in_any_case():
            output.write(record)
        if abs(record.log_ns - self._waiting_since_ns) >= _FLUSH_NS:
            self.flush()

    def flush(self) -> None:
        """Make all messages so far safe.

        Raises:
            BagError: the disk is full; the bag is then closed, whole up to there.
        """
        self._waiting_since_ns = None
        with self._whole_in_any_case():
            output = self._open_output()
            output.flush()
            if self._split_bytes and output.size_bytes >= self._split_bytes:
                output.finish()
                following = self._next_file()
                self._parts_before.append(output.parts)
                output.close()
                self._output = following

    def close(self) -> None:
        """Make the bag whole; nothing happens to one that is closed.

        Raises:
            BagError: there was no room for all of it; it is whole with what fits.
        """
        if self._output is None:
            return
        with self._whole_in_any_case():
            self._output.flush()
        error = self._end()
        if error is not None:
            raise self._failure(error) from error

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_output(self) -> StorageOutput:
        if self._output is None:
            raise BagError(f'{self.path}: the bag is closed')
        return self._output

    def _next_file(self) -> StorageOutput:
        kind, suffix = _OUTPUTS[self._storage]
        path = self.path / f'{self.path.resolve().name}_{len(self._names)}{suffix}'
        try:
            output = kind(path)
            for topic in self._topics.values():
                output.add_topic(topic)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        self._names.append(path.name)
        return output

    @contextlib.contextmanager
    def _whole_in_any_case(self) -> Iterator[None]:
        try:
            yield
        except BagError:
            raise
        except OSError as error:
            self._end()
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> BagError:
        return BagError(
            f'{self.path}: {error.strerror or error}; '
            f'the {self.message_count} messages up to there are a whole bag'
        )

    def _end(self) -> OSError | None:
        """Close the bag, at the cost of its last messages where the disk is full; the error."""
        output, first_error = self._open_output(), None
        while True:
            try:
                output.finish()
                write_whole(self.path / METADATA, self._metadata())
                break
            except OSError as error:
                first_error = first_error or error
                if error.errno not in _NO_ROOM or not output.drop_last():
                    break
        self._parts_before.append(output.parts)
        self._output = None
        output.close()
        return first_error

    def _parts(self) -> list[Sequence[Part]]:
        """What is safe, file by file."""
        current = [] if self._output is None else [self._output.parts]
        return [*self._parts_before, *current]

    def _metadata(self) -> str:
        files = list(zip(self._names, self._parts(), strict=True))
        counts: Counter[str] = Counter()
        for part in [part for _, parts in files for part in parts]:
            counts.update(part.counts)
        about = {
            'version': _VERSION,
            'storage_identifier': self._storage,
            **_times([part for _, parts in files for part in parts]),
            'topics_with_message_count': [
                {'topic_metadata': _topic_metadata(topic), 'message_count': counts[topic.name]}
                for topic in self._topics.values()
            ],
            'compression_format': '',
            'compression_mode': '',
            'relative_file_paths': list(self._names),
            'files': [{'path': name, **_times(parts)} for name, parts in files],
            'custom_data': None,
            'ros_distro': 'jazzy',
        }
        return yaml.safe_dump({'rosbag2_bagfile_information': about}, sort_keys=False)


def _times(parts: Sequence[Part]) -> dict[str, Any]:
    start_ns = min((part.start_ns for part in parts), default=_NEVER_NS)
    end_ns = max((part.end_ns for part in parts), default=start_ns)
    return {
        'starting_time': {'nanoseconds_since_epoch': start_ns},
        'duration': {'nanoseconds': end_ns - start_ns},
        'message_count': sum(sum(part.counts.values()) for part in parts),
    }


def _topic_metadata(topic: Topic) -> dict[str, Any]:
    return {
        'name': topic.name,
        'type': topic.msgtype,
        'serialization_format': 'cdr',
        'offered_qos_profiles': yaml.safe_load(topic.qos) if topic.qos else [],
        'type_description_hash': topic.type_hash,
    }
