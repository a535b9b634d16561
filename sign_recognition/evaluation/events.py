"""Recognised events against known ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# How long after the end of a stroke its event may still begin.
LATEST_START_S = 0.7


@dataclass(frozen=True)
class Interval:
    """A gesture in time, seconds."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Detection:
    """A gesture as the recogniser told it.

    Attributes:
        label: of the gesture.
        start_s: time of the image from which on it led.
        announced_s: time of the image at which it was told: the robot acts then.
        end_s: time of the last image at which it lasted.
        score: its smoothed probability when it was told, 0 to 1.
    """

    label: str
    start_s: float
    announced_s: float
    end_s: float
    score: float

    @property
    def announced(self) -> Interval:
        """From the image at which it was told to the last."""
        return Interval(self.label, self.announced_s, self.end_s)

    @property
    def lasting(self) -> Interval:
        """From the image from which on it led to the last."""
        return Interval(self.label, self.start_s, self.end_s)


@dataclass(frozen=True)
class Match:
    """Which known gestures were found.

    Attributes:
        found: for each known gesture the index of its event, or None.
        false: indices of the events that no known gesture explains, in order of time.
    """

    found: tuple[int | None, ...]
    false: tuple[int, ...]

    @property
    def recall(self) -> float:
        """Share of the known gestures that were found; NaN where there is none."""
        hits = sum(index is not None for index in self.found)
        return hits / len(self.found) if self.found else float('nan')


def may_explain(known: Interval, time_s: float) -> bool:
    """Whether an event that begins at this time may be due to a known movement."""
    return known.start_s <= time_s <= known.end_s + LATEST_START_S


def match_events(truth: Sequence[Interval], events: Sequence[Interval]) -> Match:
    """Pair events with known gestures, each at most once, in order of time.

    An event is a gesture's when it has its label and starts between the beginning of the stroke
    and LATEST_START_S after its end.
    """
    free = sorted(range(len(events)), key=lambda i: events[i].start_s)
    found: list[int | None] = [None] * len(truth)
    for known in sorted(range(len(truth)), key=lambda i: truth[i].start_s):
        stroke = truth[known]
        hit = next(
            (
                i
                for i in free
                if events[i].label == stroke.label and may_explain(stroke, events[i].start_s)
            ),
            None,
        )
        if hit is not None:
            found[known] = hit
            free.remove(hit)
    return Match(tuple(found), tuple(free))
