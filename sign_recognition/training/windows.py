"""Labelled windows of invented and foreign streams: what a live model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sign_recognition.landmarks import Points
from sign_recognition.training.actors import Take
from sign_recognition.training.foreign import Track
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.streams import cut_windows, foreign_stream, make_stream

# Enough to keep a processor busy, few enough for the memory of their windows.
_STREAMS_AT_ONCE = 25


@dataclass(frozen=True)
class Windows:
    """Windows with their labels.

    Attributes:
        points: (N, T, 42, 3) float32 image widths, left then right hand, NaN for not seen.
        labels: of each.
    """

    points: Points
    labels: tuple[str, ...]


@dataclass(frozen=True)
class WindowSource:
    """What streams are made of, and how they are read.

    Attributes:
        takes: clips that are performed in invented streams.
        real_hands: (G, 21, 3) image widths each; see `streams.make_stream`.
        tracks: foreign recordings.
        rate_hz: of the windows.
        frames: of a window (T).
        scripted_share: see `streams.make_stream`.
    """

    takes: Sequence[Take]
    real_hands: Sequence[Points]
    tracks: Sequence[Track]
    rate_hz: float
    frames: int
    scripted_share: float = 0.0

    def own(self, count: int, rng: Rng) -> Windows:
        """Windows of `count` invented streams, some of them worn by real hands."""
        pairs = []
        for _ in range(count):
            stream = make_stream(
                self.takes,
                rng,
                self.rate_hz,
                real_hands=self.real_hands,
                scripted_share=self.scripted_share,
            )
            pairs += cut_windows(stream, self.frames, rng)
        return self._joined(pairs)

    def foreign(self, count: int, rng: Rng) -> Windows:
        """Windows of `count` of the foreign recordings, drawn by chance; none of no recordings."""
        pairs = []
        for i in rng.integers(0, len(self.tracks), count) if self.tracks else ():
            track = self.tracks[i]
            stream = foreign_stream(track.hands, track.stamps_s, rng, self.rate_hz)
            pairs += cut_windows(stream, self.frames, rng)
        return self._joined(pairs)

    def _joined(self, pairs: Sequence[tuple[Points, str]]) -> Windows:
        points = np.array([window for window, _ in pairs], np.float32)
        labels = tuple(label for _, label in pairs)
        return Windows(points.reshape(-1, self.frames, 42, 3), labels)


@dataclass(frozen=True)
class Lot:
    """Streams that are made at once.

    Attributes:
        count: of streams.
        rng: the source of chance.
        foreign: they are foreign recordings, not invented.
    """

    count: int
    rng: Rng
    foreign: bool

    def windows(self, source: WindowSource) -> Windows:
        """Their windows."""
        make = source.foreign if self.foreign else source.own
        return make(self.count, self.rng)


def lot_sizes(streams: int) -> list[int]:
    """How many streams are in each of the lots that so many make."""
    return [min(_STREAMS_AT_ONCE, streams - i) for i in range(0, streams, _STREAMS_AT_ONCE)]


def lots(streams: int, rng: Rng, foreign: bool = False) -> list[Lot]:
    """So many streams in lots, each with a source of chance of its own."""
    sizes = lot_sizes(streams)
    return [Lot(*each, foreign) for each in zip(sizes, rng.spawn(len(sizes)), strict=True)]
