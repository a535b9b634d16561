"""Rolling figures of a stream: rate, latency percentiles, drops."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# How far back rate and percentiles look.
_WINDOW_S = 3.0


@dataclass(frozen=True)
class Percentiles:
    """The middle and the slow end of a list of durations, milliseconds; NaN where it is empty."""

    p50_ms: float
    p95_ms: float

    @classmethod
    def of_seconds(cls, values_s: Sequence[float] | npt.NDArray[np.float64]) -> Percentiles:
        """Summarise durations given in seconds."""
        if not len(values_s):
            return cls(float('nan'), float('nan'))
        p50, p95 = np.percentile(np.asarray(values_s) * 1e3, [50, 95])
        return cls(round(float(p50), 2), round(float(p95), 2))


class StreamStatistics:
    """What a node tells of the stream through it, over the last few seconds."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()
        self._ages_s: deque[float] = deque()
        self._latencies_s: deque[float] = deque()
        self.count = 0
        self.drops = 0

    def add(self, now_s: float, age_s: float, latency_s: float) -> None:
        """Count one output.

        Args:
            now_s: monotonic time of the output.
            age_s: age of the input's image when it arrived here.
            latency_s: time from the input's arrival to the output.
        """
        self.count += 1
        self._times_s.append(now_s)
        self._ages_s.append(age_s)
        self._latencies_s.append(latency_s)
        self._forget_before(now_s - _WINDOW_S)

    def rate_hz(self, now_s: float) -> float:
        """Outputs per second over the window; 0 where none came lately."""
        self._forget_before(now_s - _WINDOW_S)
        if len(self._times_s) < 2:
            return 0.0
        return (len(self._times_s) - 1) / max(now_s - self._times_s[0], 1e-9)

    def input_age(self) -> Percentiles:
        """Age of the images when they arrived here."""
        return Percentiles.of_seconds(self._ages_s)

    def latency(self) -> Percentiles:
        """Time from an input's arrival to its output."""
        return Percentiles.of_seconds(self._latencies_s)

    def _forget_before(self, oldest_s: float) -> None:
        while self._times_s and self._times_s[0] < oldest_s:
            self._times_s.popleft()
            self._ages_s.popleft()
            self._latencies_s.popleft()
