"""Reads bags of ROS 2 without ROS: rosbag2 folders and single files, whole, cut or unindexed."""

from __future__ import annotations

import contextlib
import heapq
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import yaml
import zstandard
from rosbags.serde import SerdeError
from rosbags.typesys import TypesysError
from rosbags.typesys.store import Typestore

from sign_recognition.bags import mcap_file, sqlite_file
from sign_recognition.bags.definitions import typestore
from sign_recognition.bags.mcap_file import McapFile
from sign_recognition.bags.sqlite_file import SqliteFile
from sign_recognition.bags.storage import BagError, CutError, Definition, Record, StorageFile

__all__ = ['Bag', 'BagError', 'Record', 'is_bag', 'open_bag']

METADATA = 'metadata.yaml'
_STORAGES: Mapping[bytes, type[McapFile] | type[SqliteFile]] = {
    mcap_file.MAGIC: McapFile,
    sqlite_file.MAGIC: SqliteFile,
}
_ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
_NAME = re.compile(r'(?P<stem>.+?)(?P<split>_\d+)?\.(?:mcap|db3)(?:\.zstd)?')


class Bag:
    """An open bag, as a context manager. Made by `open_bag`.

    Attributes:
        path: of the bag.
        topics: topic to msgtype, in the order of the names.
        complete: False where its end is missing: it was cut, or its recorder was killed.
    """

    def __init__(
        self,
        path: Path,
        files: Sequence[StorageFile],
        complete: bool,
        resources: contextlib.ExitStack,
    ) -> None:
        self.path = path
        self.complete = complete
        self.topics: Mapping[str, str] = dict(
            sorted((topic, kind) for file in files for topic, kind in file.topics.items())
        )
        self._files = files
        self._definitions: Mapping[str, Definition] = {
            name: definition for file in files for name, definition in file.definitions.items()
        }
        self._stores: dict[str, Typestore] = {}
        self._resources = resources

    def records(self, topics: Collection[str] | None = None) -> Iterator[Record]:
        """The messages in the order of log_ns; those of one moment in the order of the bag.

        Args:
            topics: only these; None: all.

        Raises:
            BagError: a part of the bag is damaged.
        """
        streams = [file.records(topics) for file in self._files]
        for record in heapq.merge(*streams, key=lambda record: record.log_ns):
            # A bag that is compressed by message says so nowhere but in its metadata.yaml.
            if record.data.startswith(_ZSTD_MAGIC):
                record = self._decompressed(record)
            yield record

    def decode(self, record: Record) -> Any:
        """A message with its fields as attributes, arrays as numpy.

        It is read by the definitions in the bag, and where the bag holds none, by those of the
        standard types; this package's messages need not be installed.

        Raises:
            BagError: the type has no definition, or the bytes are not such a message.
        """
        try:
            return self._store(record.msgtype).deserialize_cdr(record.data, record.msgtype)
        except (SerdeError, TypesysError, KeyError, BagError) as error:
            raise BagError(f'{self.path}: {record.topic}: {error}') from error

    def close(self) -> None:
        """Close its files."""
        self._resources.close()

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _store(self, msgtype: str) -> Typestore:
        # One for each type: two of them may well disagree on a third that they contain.
        if msgtype not in self._stores:
            self._stores[msgtype] = typestore(msgtype, self._definitions.get(msgtype))
        return self._stores[msgtype]

    def _decompressed(self, record: Record) -> Record:
        try:
            data = zstandard.ZstdDecompressor().decompressobj().decompress(record.data)
        except zstandard.ZstdError as error:
            raise BagError(f'{self.path}: {record.topic}: {error}') from error
        return Record(record.topic, record.msgtype, record.log_ns, data)


def open_bag(path: Path) -> Bag:
    """Open a rosbag2 folder, or a single .mcap or .db3 file.

    What a metadata.yaml tells is not needed: a recorder that was killed left none.

    Raises:
        BagError: there is no such bag, or nothing of it can be read.
    """
    names = _files_of(path)
    files: list[StorageFile] = []
    cut: CutError | None = None
    with contextlib.ExitStack() as resources:
        for name in names:
            try:
                file = _open_file(name, resources)
            except CutError as error:
                cut = error
                continue
            resources.callback(file.close)
            files.append(file)
        if not files and cut is not None:
            raise cut
        complete = cut is None and all(file.complete for file in files)
        # SQLite does not tell a finished file; the recorder's last deed does.
        if path.is_dir() and not (path / METADATA).is_file():
            complete = complete and all(isinstance(file, McapFile) for file in files)
        return Bag(path, files, complete, resources.pop_all())


def is_bag(path: Path) -> bool:
    """Whether a path is to be opened as a bag: judged by names, nothing is read."""
    if path.is_dir():
        return (path / METADATA).is_file() or bool(_files_without_metadata(path))
    return bool(_NAME.fullmatch(path.name))


def _files_of(path: Path) -> list[Path]:
    if not path.exists():
        raise BagError(f'{path}: no such bag')
    if not path.is_dir():
        return [path]
    names = _names_in_metadata(path) or _files_without_metadata(path)
    if not names:
        raise BagError(f'{path}: no bag: neither {METADATA} nor one bag of .mcap or .db3 files')
    for name in names:
        if not name.is_file():
            raise BagError(f'{path}: {name.name}, which its {METADATA} names, is missing')
    return names


def _names_in_metadata(folder: Path) -> list[Path]:
    """The files that metadata.yaml names; none where there is none, or half of one."""
    try:
        text = (folder / METADATA).read_text(encoding='utf-8')
        about = yaml.safe_load(text)['rosbag2_bagfile_information']
        # Older versions wrote the folder's name before the file's.
        return [folder / PurePath(name).name for name in about['relative_file_paths']]
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        return []


def _files_without_metadata(folder: Path) -> list[Path]:
    """The parts of one bag: a single file, or FOLDER_0.mcap, FOLDER_1.mcap ..., in this order."""
    found = {path: match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))}
    if len(found) > 1 and any(
        match['stem'] != folder.resolve().name or not match['split'] for match in found.values()
    ):
        return []
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _open_file(path: Path, resources: contextlib.ExitStack) -> StorageFile:
    try:
        plain, beginning = path, _beginning(path)
        if beginning.startswith(_ZSTD_MAGIC):
            plain = _decompressed_file(path, resources)
            beginning = _beginning(plain)
        for magic, storage in _STORAGES.items():
            if beginning.startswith(magic):
                return storage(plain, path)
    except BagError:
        raise
    except OSError as error:
        raise BagError(f'{path}: {error.strerror or error}') from error
    if not beginning:
        raise CutError(f'{path}: is empty')
    if any(magic.startswith(beginning) for magic in _STORAGES):
        raise CutError(f'{path}: ends before its first message')
    raise BagError(f'{path}: no bag: neither MCAP nor SQLite, the storages of rosbag2')


def _beginning(path: Path) -> bytes:
    with path.open('rb') as file:
        return file.read(max(map(len, _STORAGES)))


def _decompressed_file(path: Path, resources: contextlib.ExitStack) -> Path:
    """A copy of a compressed file that lasts as long as the bag is open; cut where it is cut."""
    folder = resources.enter_context(tempfile.TemporaryDirectory(prefix='sign_recognition_'))
    copy = Path(folder) / path.stem
    with path.open('rb') as packed, copy.open('wb') as plain:
        try:
            shutil.copyfileobj(zstandard.ZstdDecompressor().stream_reader(packed), plain)
        except zstandard.ZstdError as error:
            raise BagError(f'{path}: {error}') from error
    return copy
