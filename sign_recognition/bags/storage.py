"""What the files of a bag, of either storage, have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
