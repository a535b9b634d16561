"""Writes one MCAP file (mcap.dev/spec) chunk by chunk; each chunk that was flushed stays."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    MessageIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from sign_recognition.bags.mcap_file import MAGIC
from sign_recognition.bags.storage import Part, Record, Topic

_LARGEST_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class _WrittenChunk:
    part: Part
    index: ChunkIndex


class McapOutput:
    """An MCAP file being written.

    Nothing is held back by the file: what `flush` has returned from is on its way to the disk, and
    what could not be written whole is taken away again.

    Args:
        path: the file, which must not exist.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        # Without a buffer of our own: after an error it is known what the file holds.
        self._file = path.open('xb', buffering=0)
        self._topics: dict[str, Channel] = {}
        self._schemas: dict[str, Schema] = {}
        self._chunks: list[_WrittenChunk] = []
        self._end = 0
        self._begin_chunk()
        self._end += self._append(MAGIC + _serialized([Header('ros2', 'sign_recognition')]))

    @property
    def parts(self) -> Sequence[Part]:
        """What of the file is safe."""
        return [chunk.part for chunk in self._chunks]

    @property
    def size_bytes(self) -> int:
        """How long the file is, without what waits for a flush."""
        return self._end

    def add_topic(self, topic: Topic) -> None:
        """Make a topic known; its messages may follow."""
        if topic.msgtype not in self._schemas:
            schema = Schema(
                id=len(self._schemas) + 1,
                name=topic.msgtype,
                encoding=topic.definition.encoding,
                data=topic.definition.text.encode(),
            )
            self._schemas[topic.msgtype] = schema
            schema.write(self._builder)
        channel = Channel(
            id=len(self._topics) + 1,
            topic=topic.name,
            message_encoding='cdr',
            metadata={'offered_qos_profiles': topic.qos, 'topic_type_hash': topic.type_hash},
            schema_id=self._schemas[topic.msgtype].id,
        )
        self._topics[topic.name] = channel
        channel.write(self._builder)

    def write(self, record: Record) -> None:
        """Take a message of a known topic; it is safe after the next flush.

        Raises:
            OSError: a full chunk could not be written.
        """
        channel_id = self._topics[record.topic].id
        index = self._indexes.setdefault(channel_id, MessageIndex(channel_id, []))
        index.records.append((record.log_ns, self._builder.count))
        Message(
            channel_id=channel_id, log_time=record.log_ns, publish_time=record.log_ns,
            sequence=0, data=record.data,
        ).write(self._builder)  # fmt: skip
        if self._builder.count >= _LARGEST_CHUNK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the messages so far as a chunk, so that they outlive this process.

        Raises:
            OSError: they could not be written, and are lost; the file is as it was.
        """
        if not self._indexes:
            return
        data, indexes = self._builder.end(), self._indexes
        self._begin_chunk()
        times_ns = [log_ns for index in indexes.values() for log_ns, _ in index.records]
        chunk = Chunk(
            compression='zstd',
            data=zstandard.compress(data),
            message_start_time=min(times_ns),
            message_end_time=max(times_ns),
            uncompressed_crc=zlib.crc32(data),
            uncompressed_size=len(data),
        )
        start = self._end
        packed = _serialized([chunk])
        offsets, index_bytes = {}, b''
        for channel_id, index in indexes.items():
            offsets[channel_id] = start + len(packed) + len(index_bytes)
            index_bytes += _serialized([index])
        self._end += self._append(packed + index_bytes)
        chunk_index = ChunkIndex(
            chunk_length=len(packed),
            chunk_start_offset=start,
            compression=chunk.compression,
            compressed_size=len(chunk.data),
            message_end_time=chunk.message_end_time,
            message_index_length=len(index_bytes),
            message_index_offsets=offsets,
            message_start_time=chunk.message_start_time,
            uncompressed_size=chunk.uncompressed_size,
        )
        names = {channel.id: name for name, channel in self._topics.items()}
        counts = {names[each]: len(index.records) for each, index in indexes.items()}
        part = Part(chunk.message_start_time, chunk.message_end_time, counts)
        self._chunks.append(_WrittenChunk(part, chunk_index))

    def finish(self) -> None:
        """Write the index behind the chunks; may be called again.

        Raises:
            OSError: it could not be written; the file is as it was.
        """
        self._append(_serialized([DataEnd(0)]) + self._summary())

    def drop_last(self) -> bool:
        """Take the last chunk away to make room for the index; False where there is none."""
        if not self._chunks:
            return False
        self._end = self._chunks.pop().index.chunk_start_offset
        self._file.truncate(self._end)
        return True

    def close(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _begin_chunk(self) -> None:
        self._builder = RecordBuilder()
        self._indexes: dict[int, MessageIndex] = {}

    def _append(self, data: bytes) -> int:
        """Write at the end of the chunks, all or nothing; the number of bytes."""
        self._file.seek(self._end)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(self._end)
            raise
        self._file.truncate()
        return len(data)

    def _summary(self) -> bytes:
        """What stands behind the data: everything that a reader would have to search for."""
        start = self._end + len(_serialized([DataEnd(0)]))
        groups: list[tuple[Opcode, Iterable[McapRecord]]] = [
            (Opcode.SCHEMA, self._schemas.values()),
            (Opcode.CHANNEL, self._topics.values()),
            (Opcode.STATISTICS, [self._statistics()]),
            (Opcode.CHUNK_INDEX, [chunk.index for chunk in self._chunks]),
        ]
        summary, offsets = b'', []
        for opcode, records in groups:
            group = _serialized(records)
            if group:
                offsets.append(SummaryOffset(opcode, start + len(summary), len(group)))
            summary += group
        offsets_start = start + len(summary)
        summary += _serialized(offsets)
        # The checksum is also of the footer up to itself.
        footer = struct.pack('<BQQQ', Opcode.FOOTER, 8 + 8 + 4, start, offsets_start)
        checksum = zlib.crc32(footer, zlib.crc32(summary))
        return summary + _serialized([Footer(start, offsets_start, checksum)]) + MAGIC

    def _statistics(self) -> Statistics:
        counts: Counter[str] = Counter()
        for part in self.parts:
            counts.update(part.counts)
        return Statistics(
            attachment_count=0,
            channel_count=len(self._topics),
            channel_message_counts={self._topics[name].id: n for name, n in counts.items()},
            chunk_count=len(self._chunks),
            message_count=sum(counts.values()),
            message_end_time=max((part.end_ns for part in self.parts), default=0),
            message_start_time=min((part.start_ns for part in self.parts), default=0),
            metadata_count=0,
            schema_count=len(self._schemas),
        )


def _serialized(records: Iterable[McapRecord]) -> bytes:
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return bytes(builder.end())
