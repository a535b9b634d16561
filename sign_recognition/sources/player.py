"""Shows a source's images when they are due, as a camera would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sign_recognition.sources.base import Image, Source, TruthEvent


@dataclass(frozen=True)
class Shot:
    """One image that is due now.

    Attributes:
        stamp_s: acquisition time on the player's clock, seconds.
        image_bgr: (H, W, 3) uint8.
        truth: gestures known to have ended since the last shot, in seconds of the player's clock.
    """

    stamp_s: float
    image_bgr: Image
    truth: list[TruthEvent]


class Player:
    """Paces a recorded or rendered source on a clock; passes a live one through.

    Images that are more than a period late are passed over and counted, so that the source stays
    in real time on a slow machine.

    Args:
        open_source: opens the source; called again for each round of a loop.
        clock_s: the clock of the stamps, seconds.
        wait_s: waits for so many seconds.
        loop: begin again after the last image.

    Raises:
        SourceError: the source cannot be opened.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        clock_s: Callable[[], float],
        wait_s: Callable[[float], object],
        loop: bool = False,
    ) -> None:
        self._open_source = open_source
        self._clock_s = clock_s
        self._wait_s = wait_s
        self._loop = loop
        self.source = open_source()
        self._start_s: float | None = None
        self._shown_s = 0.0
        self.skipped = 0

    def next(self) -> Shot | None:
        """Wait for the next image, or None after the last.

        Raises:
            SourceError: the source broke off.
        """
        if self.source.live:
            capture = self.source.read()
            return Shot(capture.time_s, capture.image_bgr, []) if capture else None
        if self._start_s is None:
            self._start_s = self._clock_s()
        self._skip_late(self._start_s)
        capture = self.source.read()
        if capture is None:
            return self._begin_again()
        self._shown_s = capture.time_s
        due_s = self._start_s + capture.time_s
        self._wait_s(max(0.0, due_s - self._clock_s()))
        truth = [
            TruthEvent(each.label, self._start_s + each.start_s, self._start_s + each.end_s)
            for each in self.source.truth(capture.time_s)
        ]
        return Shot(due_s, capture.image_bgr, truth)

    def close(self) -> None:
        """Give the source back."""
        self.source.close()

    def _skip_late(self, start_s: float) -> None:
        period_s = 1 / self.source.rate_hz
        behind_s = self._clock_s() - (start_s + self._shown_s + period_s)
        for _ in range(int(behind_s / period_s)):
            self.source.skip()
            self._shown_s += period_s
            self.skipped += 1

    def _begin_again(self) -> Shot | None:
        if not self._loop or self._shown_s <= 0:
            return None
        assert self._start_s is not None, 'an image was shown'
        self._start_s += self._shown_s + 1 / self.source.rate_hz
        self._shown_s = 0.0
        self.source.close()
        self.source = self._open_source()
        return self.next()
