"""Keys of the terminal, as they are pressed."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable
from typing import Any

# How soon the end of the session is noticed.
_WAIT_S = 0.1


class Keyboard:
    """Listens to the terminal while its context lasts; where there is none, to nothing.

    Args:
        on_key: called with each character, at once, from a thread.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self.usable = sys.stdin.isatty()
        self._on_key = on_key
        self._done = threading.Event()
        self._settings: list[Any] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Keyboard:
        if self.usable:
            self._settings = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)  # single keys, not shown; Ctrl-C stays a signal
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self.usable:
            self._thread.join()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)

    def _listen(self) -> None:
        descriptor = sys.stdin.fileno()
        while not self._done.is_set():
            ready, _, _ = select.select([descriptor], [], [], _WAIT_S)
            pressed = os.read(descriptor, 1) if ready else b''
            if ready and not pressed:
                return  # the terminal is gone
            if pressed:
                self._on_key(pressed.decode(errors='replace'))
