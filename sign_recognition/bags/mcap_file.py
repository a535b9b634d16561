"""Reads one MCAP file (mcap.dev/spec): with or without an index, whole or up to where it is cut."""

from __future__ import annotations

import heapq
import io
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, Schema

from sign_recognition.bags.storage import BagError, CutError, Definition, Record

MAGIC = b'\x89MCAP0\r\n'

_FRAME = struct.Struct('<BQ')  # of every record: opcode, length
_MESSAGE = struct.Struct('<HIQQ')  # channel, sequence, log time, publish time; then the data
_ENCODINGS = ('ros2msg', 'ros2idl')
_READ_HERE = (Opcode.CHUNK, Opcode.MESSAGE, Opcode.SCHEMA, Opcode.CHANNEL)


class _DamagedError(Exception):
    """A chunk does not hold what its header says."""


# What reading a record that is not what it seems may raise.
_DAMAGES = (_DamagedError, McapError, struct.error, ValueError)


@dataclass(frozen=True)
class _Span:
    """Where messages are: a chunk, or one message outside of any chunk."""

    start_ns: int
    offset: int


@dataclass(frozen=True)
class _Item:
    """One record of the file; `content` is empty where nothing here reads it."""

    opcode: int
    content: bytes
    whole: bool
    end: int


class McapFile:
    """An MCAP file with ROS 2 messages.

    Args:
        path: the file.
        name: the file that errors name, where `path` is a copy of it.

    Attributes:
        topics: topic to msgtype.
        definitions: by msgtype.
        complete: False where the end of the file is missing.

    Raises:
        CutError: the file ends before its first message.
        BagError: none of its messages is CDR.
    """

    def __init__(self, path: Path, name: Path) -> None:
        self._name = name
        self._file = path.open('rb')
        self._size = path.stat().st_size
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._spans: list[_Span] = []
        self.complete = True
        try:
            if not self._read_summary():
                self._scan()
            self._describe()
        except BaseException:
            self.close()
            raise

    def records(self, topics: Collection[str] | None) -> Iterator[Record]:
        """Its messages in the order of log_ns, where chunks overlap, too.

        Raises:
            BagError: a chunk is damaged.
        """
        # By time, and within one moment by the place in the file.
        waiting: list[tuple[int, int, int, Record]] = []
        for span in sorted(self._spans, key=lambda span: span.start_ns):
            while waiting and waiting[0][0] < span.start_ns:
                yield heapq.heappop(waiting)[-1]
            for place, record in enumerate(self._records_of(span)):
                if topics is None or record.topic in topics:
                    heapq.heappush(waiting, (record.log_ns, span.offset, place, record))
        while waiting:
            yield heapq.heappop(waiting)[-1]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_summary(self) -> bool:
        """Take channels and chunks from the index at the end; False where that does not do."""
        try:
            summary = SeekingReader(self._file).get_summary()
        except (McapError, struct.error, ValueError, OSError):
            return False
        if summary is None or not summary.chunk_indexes:
            return False
        if any(c.schema_id not in (0, *summary.schemas) for c in summary.channels.values()):
            return False
        self._schemas, self._channels = summary.schemas, summary.channels
        self._spans = [
            _Span(index.message_start_time, index.chunk_start_offset)
            for index in summary.chunk_indexes
        ]
        return True

    def _scan(self) -> None:
        """Walk from record to record, up to the footer or to where the file is cut."""
        offset, item = 0, _Item(0, b'', True, len(MAGIC))
        while item.whole and item.opcode != Opcode.FOOTER:
            offset = item.end
            item = self._read_item(offset)
            try:
                has_messages = self._learn(item)
            except _DAMAGES:
                break
            if has_messages:
                self._spans.append(_Span(_start_ns(item), offset))
        self.complete = item.whole and item.opcode == Opcode.FOOTER

    def _learn(self, item: _Item) -> bool:
        """Note the schemas and channels of a record; whether it holds messages."""
        if item.opcode == Opcode.CHUNK:
            return any([self._learn(inner) for inner in _items_within(_unpack(item))])
        if item.opcode == Opcode.SCHEMA and item.whole:
            schema = Schema.read(ReadDataStream(io.BytesIO(item.content)))
            self._schemas[schema.id] = schema
        if item.opcode == Opcode.CHANNEL and item.whole:
            channel = Channel.read(ReadDataStream(io.BytesIO(item.content)))
            self._channels[channel.id] = channel
        return item.opcode == Opcode.MESSAGE and item.whole

    def _describe(self) -> None:
        """Make topics and definitions of the channels and schemas."""
        readable = {c.id: c for c in self._channels.values() if c.message_encoding == 'cdr'}
        if self._channels and not readable:
            found = ', '.join(sorted({c.message_encoding for c in self._channels.values()}))
            raise BagError(f'{self._name}: its messages are {found!r}, read is cdr (ROS 2)')
        if not self._spans and not self.complete:
            raise CutError(f'{self._name}: ends before its first message')
        self._channels = readable
        self.topics: Mapping[str, str] = {c.topic: self._msgtype(c) for c in readable.values()}
        self.definitions: Mapping[str, Definition] = {
            schema.name: Definition(schema.encoding, schema.data.decode(errors='replace'))
            for schema in self._schemas.values()
            if schema.encoding in _ENCODINGS and schema.data
        }

    def _msgtype(self, channel: Channel) -> str:
        schema = self._schemas.get(channel.schema_id)
        return schema.name if schema is not None else ''

    def _records_of(self, span: _Span) -> Iterator[Record]:
        item = self._read_item(span.offset)
        try:
            inner = list(_items_within(_unpack(item))) if item.opcode == Opcode.CHUNK else [item]
        except _DAMAGES as error:
            raise BagError(f'{self._name}: the chunk at byte {span.offset}: {error}') from error
        for each in inner:
            if each.opcode == Opcode.MESSAGE:
                channel_id, _, log_ns, _ = _MESSAGE.unpack_from(each.content)
                channel = self._channels.get(channel_id)
                if channel is not None:
                    data = each.content[_MESSAGE.size :]
                    yield Record(channel.topic, self._msgtype(channel), log_ns, data)

    def _read_item(self, offset: int) -> _Item:
        """The record at an offset, or as much of it as there is.

        The file ends where it ended when it was opened: a recorder may be writing on. Zeros behind
        the data, as a power cut leaves them, are no record: opcodes begin at 1.
        """
        self._file.seek(offset)
        frame = self._file.read(_FRAME.size)
        is_there = len(frame) == _FRAME.size and offset + _FRAME.size <= self._size
        if not is_there or not frame[0]:
            return _Item(0, b'', False, offset)
        opcode, length = _FRAME.unpack(frame)
        available = min(length, self._size - offset - _FRAME.size)
        content = self._file.read(available) if opcode in _READ_HERE else b''
        return _Item(opcode, content, available == length, offset + _FRAME.size + length)


def _start_ns(item: _Item) -> int:
    if item.opcode == Opcode.CHUNK:
        return int(struct.unpack_from('<Q', item.content)[0])
    return int(_MESSAGE.unpack_from(item.content)[2])


def _unpack(item: _Item) -> bytes:
    """The records within a chunk; of a chunk that is cut, as many as are left.

    Raises:
        _DamagedError: it is whole, and not what its header says.
    """
    chunk = Chunk.read(ReadDataStream(io.BytesIO(item.content)))
    try:
        data = _decompress(chunk)
    except (zstandard.ZstdError, RuntimeError) as error:
        raise _DamagedError(f'not {chunk.compression}: {error}') from error
    if item.whole and len(data) != chunk.uncompressed_size:
        raise _DamagedError(f'{len(data)} of {chunk.uncompressed_size} bytes')
    if item.whole and chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
        raise _DamagedError('wrong checksum')
    return data


def _decompress(chunk: Chunk) -> bytes:
    """By streams, which give what there is of a cut chunk."""
    if not chunk.compression:
        return chunk.data
    if chunk.compression == 'zstd':
        return zstandard.ZstdDecompressor().decompressobj().decompress(chunk.data)
    if chunk.compression == 'lz4':
        return bytes(lz4.frame.LZ4FrameDecompressor().decompress(chunk.data))
    raise _DamagedError(f'compression {chunk.compression!r}, read are zstd and lz4')


def _items_within(data: bytes) -> Iterator[_Item]:
    """The records of a chunk, up to where it is cut."""
    offset = 0
    while offset + _FRAME.size <= len(data):
        opcode, length = _FRAME.unpack_from(data, offset)
        start, offset = offset + _FRAME.size, offset + _FRAME.size + length
        if offset > len(data):
            return
        yield _Item(opcode, data[start:offset], True, offset)
