"""Work on all cores, a process on each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Generic, TypeVar

Shared = TypeVar('Shared')
Item = TypeVar('Item')
Result = TypeVar('Result')

# Each process may take up to a gigabyte.
_MOST_PROCESSES = 8
# What such a process holds.
_here: Any


class Workers(Generic[Shared]):
    """Up to eight processes, each of which holds something that every item of work needs.

    Who starts them from a script needs its `if __name__ == '__main__'`, for they read it, too.

    Args:
        make: called once in each process; what it returns stays there.
        arguments: of make; they can be pickled.
    """

    def __init__(self, make: Callable[..., Shared], *arguments: Any) -> None:
        self.count = min(os.cpu_count() or 1, _MOST_PROCESSES)
        # Spawned, not forked: TensorFlow has threads, which a fork would leave half.
        context = multiprocessing.get_context('spawn')
        self._pool = ProcessPoolExecutor(self.count, context, _prepare, (make, arguments))

    def __enter__(self) -> Workers[Shared]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def map(
        self, function: Callable[[Item, Shared], Result], items: Iterable[Item]
    ) -> Iterator[Result]:
        """What a function makes of each item, in their order.

        Only a few results are ever waiting, however slowly they are taken.

        Args:
            function: of an item and what the process holds; it, the items and the results can be
                pickled.
            items: what to work on.
        """
        waiting: deque[Future[Result]] = deque()
        for item in items:
            if len(waiting) > 2 * self.count:
                yield waiting.popleft().result()
            waiting.append(self._pool.submit(_call, function, item))
        while waiting:
            yield waiting.popleft().result()


def _prepare(make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In each process. Ctrl-C reaches all of them; the first one ends the others."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here = make(*arguments)


def _end_with_parent() -> None:
    """A pool whose owner is killed tells its processes nothing, and they would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None, 'a process of a pool has a parent'
    parent.join()
    os._exit(1)


def _call(function: Callable[[Item, Any], Result], item: Item) -> Result:
    return function(item, _here)
