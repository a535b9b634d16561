"""What a camera is: images one after the other, each with its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]


class SourceError(OSError):
    """A source cannot give images; the message names it and says why."""


@dataclass(frozen=True)
class Capture:
    """One image of a source.

    Attributes:
        time_s: acquisition time. Of a live source: in seconds of the clock that it was given. Of a
            recorded or rendered one: since its beginning.
        image_bgr: (H, W, 3) uint8, blue first.
    """

    time_s: float
    image_bgr: Image


@dataclass(frozen=True)
class TruthEvent:
    """A gesture that a source is known to show.

    Attributes:
        label: name of the gesture.
        start_s: beginning of the stroke, seconds since the source's beginning.
        end_s: end of the stroke, likewise.
    """

    label: str
    start_s: float
    end_s: float


class Source(Protocol):
    """Images one after the other.

    Attributes:
        name: for messages to the user.
        rate_hz: images per second as the source states it.
        length_s: how long it lasts; None: without end, or not known before it has ended.
        live: images come when they come (a device); otherwise they are read ahead and shown when
            they are due.
    """

    name: str
    rate_hz: float
    length_s: float | None
    live: bool

    def read(self) -> Capture | None:
        """The next image, or None after the last.

        Raises:
            SourceError: the source broke off (a device was unplugged).
        """
        ...

    def skip(self) -> None:
        """Pass over the next image, as cheaply as the source can."""
        ...

    def truth(self, until_s: float) -> list[TruthEvent]:
        """Gestures known to have ended in the images before `until_s`, since the last call."""
        ...

    def close(self) -> None:
        """Give the device or file back."""
        ...
