"""A model on all cores, a process on each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from sign_recognition.classifier import OnnxClassifier

Item = TypeVar('Item')
Result = TypeVar('Result')

# Each process takes up to a gigabyte.
_MOST_PROCESSES = 8
# The model of such a process.
_here: OnnxClassifier


def map_with_model(
    function: Callable[[Item, OnnxClassifier], Result], items: Sequence[Item], model: Path
) -> Iterator[Result]:
    """What a function makes of each item, in their order, on up to eight cores.

    Args:
        function: of an item and the model; it, the items and the results can be pickled.
        items: what to work on.
        model: the ONNX file, which every process opens once.
    """
    # Spawned, not forked: TensorFlow has threads, which a fork would leave half.
    context = multiprocessing.get_context('spawn')
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    with ProcessPoolExecutor(processes, context, _open_model, (model,)) as pool:
        try:
            yield from pool.map(partial(_call_here, function), items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _open_model(model: Path) -> None:
    """In each process: the model, once. Ctrl-C reaches all processes; the first one ends them."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _here = OnnxClassifier(model)


def _call_here(function: Callable[[Item, OnnxClassifier], Result], item: Item) -> Result:
    return function(item, _here)
