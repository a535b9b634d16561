"""What the files of a bag, of either storage, have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class BagError(OSError):
    """A bag cannot be read or written; one line that names the path and what is wrong with it."""


class CutError(BagError):
    """A file ends before its first message."""


@dataclass(frozen=True)
class Record:
    """One recorded message.

    Attributes:
        topic: full name.
        msgtype: as 'sensor_msgs/msg/Image'.
        log_ns: when it was recorded, nanoseconds.
        data: serialized, little-endian CDR with its four-byte header.
    """

    topic: str
    msgtype: str
    log_ns: int
    data: bytes


@dataclass(frozen=True)
class Definition:
    """What a message type is made of.

    Attributes:
        encoding: 'ros2msg' or 'ros2idl'.
        text: the definition with those of all types within, as rosbag2 writes it.
    """

    encoding: str
    text: str


class StorageFile(Protocol):
    """One open file of a bag.

    Attributes:
        topics: topic to msgtype.
        definitions: by msgtype; types without one are missing.
        complete: False where its end is missing.
    """

    topics: Mapping[str, str]
    definitions: Mapping[str, Definition]
    complete: bool

    def records(self, topics: Collection[str] | None) -> Iterator[Record]:
        """Its messages in the order of log_ns; None: of all topics."""

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True)
class Topic:
    """What a bag says of a topic.

    Attributes:
        name: of the topic.
        msgtype: as 'sensor_msgs/msg/Image'.
        definition: of the type.
        type_hash: of the type, RIHS01.
        qos: the profiles of its publishers, as YAML in the form of rosbag2's version 9.
    """

    name: str
    msgtype: str
    definition: Definition
    type_hash: str
    qos: str


@dataclass(frozen=True)
class Part:
    """Messages that are safe in a file.

    Attributes:
        start_ns: when the first was recorded.
        end_ns: when the last was recorded.
        counts: how many, by topic.
    """

    start_ns: int
    end_ns: int
    counts: Mapping[str, int]


class StorageOutput(Protocol):
    """One file of a bag that is being written. Every method may raise OSError; what was safe before
    is then safe still."""

    @property
    def parts(self) -> Sequence[Part]:
        """What of the file is safe."""

    @property
    def size_bytes(self) -> int:
        """How long the file is."""

    def add_topic(self, topic: Topic) -> None:
        """Make a topic known; its messages may follow."""

    def write(self, record: Record) -> None:
        """Take a message of a known topic; it is safe after the next flush."""

    def flush(self) -> None:
        """Make what was written safe against the end of this process."""

    def finish(self) -> None:
        """Write what stands at the end of a whole file; may be called again."""

    def drop_last(self) -> bool:
        """Take the last part away to make room; False where that cannot be."""

    def close(self) -> None:
        """Close the file as it is."""
