"""Imports a source into a data set: in turn or over all cores, broken off and gone on with."""

from __future__ import annotations

import importlib
import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import Failure, Importer, ImportOptions, Item, Source
from sign_recognition.datasets.info import DatasetInfo
from sign_recognition.datasets.store import DatasetWriter

# Each kind is a module with a function `open_source`.
KINDS = {
    'shrec17': 'shrec17',
    'asl-signs': 'asl_signs',
    'wlasl': 'wlasl',
    'ms-asl': 'ms_asl',
    'mp-data': 'mp_data',
    'videos': 'videos',
    'images': 'images',
    'csv': 'csv_tables',
    'npz': 'npz_packs',
}
# So many clips wait for each worker: it never idles, and memory holds few.
_WAITING_PER_WORKER = 2

# The clip, or why there is none.
Outcome = Clip | str


def open_source(kind: str, path: Path, options: ImportOptions) -> Source:
    """Look what a source holds.

    Raises:
        DatasetError: the kind is not known, the source is not of that kind or names a clip twice.
    """
    if kind not in KINDS:
        raise DatasetError(f'kind: {kind!r}, allowed are {", ".join(KINDS)}')
    if not path.exists():
        raise DatasetError(f'{path}: is not there')
    module = importlib.import_module(f'sign_recognition.datasets.{KINDS[kind]}')
    importer: Importer = module.open_source
    source = importer(path, options)
    if not source.items and not source.missing:
        raise DatasetError(f'{path}: holds no clip of kind {kind!r}')
    twice = [id for id, count in Counter(item.id for item in source.items).items() if count > 1]
    if twice:
        raise DatasetError(f'{path}: names clip {twice[0]!r} more than once')
    return source


def import_clips(
    source: Source,
    writer: DatasetWriter,
    workers: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Failure]:
    """Read all clips of a source that the writer lacks, and write them.

    Args:
        source: what to read.
        writer: where to; what an earlier import has written is not read again.
        workers: processes for a heavy source.
        progress: is told how many clips are done, read or failed.

    Returns:
        What could not be imported; the data set is there.

    Raises:
        DatasetError: a source of one file is broken, or no clip could be read; nothing stays.
        KeyboardInterrupt: after Ctrl-C; what is done is kept for the next time.
    """
    items = [item for item in source.items if item.id not in writer.done]
    failures, done = list(source.missing), len(source.items) - len(items)
    try:
        with closing(_read(items, source.heavy, workers)) as outcomes:
            for item, outcome in outcomes:
                if isinstance(outcome, Clip):
                    writer.add(outcome)
                elif source.one_file:
                    raise DatasetError(outcome)
                else:
                    failures.append(Failure(item.id, item.source, outcome))
                done += 1
                progress(done)
        if not writer.done:
            raise DatasetError(_nothing_read(failures))
    except KeyboardInterrupt:
        writer.flush()
        raise
    except DatasetError:
        writer.discard()
        raise
    failures.sort()
    writer.finish(failures)
    return failures


def new_writer(
    out: Path, kind: str, path: Path, source: Source, options: ImportOptions, half: bool
) -> DatasetWriter:
    """The writer of a data set that is imported.

    Raises:
        DatasetError: the folder is there already, or holds another unfinished import.
    """
    info = DatasetInfo(source.name, kind, source.licence, str(path.resolve()))
    return DatasetWriter(out, info, asdict(options), half)


def _nothing_read(failures: list[Failure]) -> str:
    id, source, reason = failures[0]
    return f'none of {len(failures)} clips could be read; the first, {source or id}: {reason}'


def _read(
    items: list[Item], heavy: bool, workers: int
) -> Generator[tuple[Item, Outcome], None, None]:
    if heavy and items:
        return _read_parallel(items, min(workers, len(items)))
    return ((item, _outcome(item.read)) for item in items)


def _outcome(read: Callable[[], Clip]) -> Outcome:
    """What reading a clip gives; one broken file among thousands must not end the import."""
    try:
        return read()
    except (DatasetError, OSError) as error:
        reason = str(error)
    except Exception as error:  # whatever a decoder makes of a broken file
        reason = f'{type(error).__name__}: {error}'
    return ' '.join(reason.split())


def _read_parallel(items: list[Item], workers: int) -> Generator[tuple[Item, Outcome], None, None]:
    """Over processes. A file at which a decoder crashes takes its process down, and with it all
    that are at work: these are read again, each in a process of its own."""
    waiting = deque(items)
    while waiting:
        suspects: list[Item] = []
        yield from _read_in_pool(waiting, workers, suspects)
        for item in suspects:
            crashed: list[Item] = []
            yield from _read_in_pool(deque([item]), 1, crashed)
            if crashed:
                yield item, 'the process that read it crashed'


def _read_in_pool(
    waiting: deque[Item], workers: int, suspects: list[Item]
) -> Iterator[tuple[Item, Outcome]]:
    """Reads until nothing waits, or a process crashed: then those at work become suspects."""
    # Spawned, not forked: MediaPipe and Arrow have threads, which a fork would leave half.
    context = multiprocessing.get_context('spawn')
    at_work: dict[Future[Outcome], Item] = {}
    with ProcessPoolExecutor(workers, context, _ignore_interrupt) as pool:
        while waiting or at_work:
            try:
                while waiting and len(at_work) < _WAITING_PER_WORKER * workers:
                    at_work[pool.submit(_outcome, waiting[0].read)] = waiting[0]
                    waiting.popleft()
                finished, _ = wait(at_work, return_when=FIRST_COMPLETED)
                yield from _collect(finished, at_work)
            except BrokenProcessPool:
                suspects.extend(at_work.values())
                return
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _collect(
    finished: Iterable[Future[Outcome]], at_work: dict[Future[Outcome], Item]
) -> Iterator[tuple[Item, Outcome]]:
    for future in finished:
        outcome = future.result()
        yield at_work.pop(future), outcome


def _ignore_interrupt() -> None:
    """Ctrl-C reaches all processes; the first one says what becomes of the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
