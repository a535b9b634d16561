"""What libraries in C write to the terminal past Python."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_STDERR = 2


@contextlib.contextmanager
def native_errors_hidden() -> Iterator[TextIO]:
    """Keep MediaPipe's notes, a dozen lines for each graph, from tearing a progress bar.

    Everything that is written to standard error meanwhile is dropped; errors in Python are
    exceptions, and are told when they arrive outside.

    Yields:
        The real standard error, for the progress bar.
    """
    sys.stderr.flush()
    real = os.dup(_STDERR)
    with open(os.devnull, 'wb') as nothing:
        os.dup2(nothing.fileno(), _STDERR)
    try:
        with os.fdopen(os.dup(real), 'w') as shown:
            yield shown
    finally:
        os.dup2(real, _STDERR)
        os.close(real)


def load_quietly(module: str) -> None:
    """Import a module whose libraries in C tell of themselves when they are loaded.

    Raises:
        ModuleNotFoundError: one is not installed.
    """
    with native_errors_hidden():
        importlib.import_module(module)
