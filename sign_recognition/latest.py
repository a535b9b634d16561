"""A place for one thing: the newest. Between a callback that receives and a thread that works."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')


class LatestSlot(Generic[Item]):
    """Holds the newest item; an older one that nobody took is replaced and counted.

    Attributes:
        drops: items that were replaced before they were taken.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: Item | None = None
        self._closed = False
        self.drops = 0

    def put(self, item: Item) -> None:
        """Leave an item; never waits."""
        with self._condition:
            self.drops += self._item is not None
            self._item = item
            self._condition.notify()

    def take(self) -> Item | None:
        """Wait for an item and take it; None once the slot is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed)
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> None:
        """Wake whoever waits; nothing more is to be taken."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
