"""From scores over time to gesture events: reject, dwell, hysteresis, re-arm, hold, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

NONE_LABEL = 'none'


class EventKind(Enum):
    """What happens to a gesture at one step."""

    START = 'start'
    HOLD = 'hold'
    END = 'end'


@dataclass(frozen=True)
class GestureEvent:
    """One step of a recognised gesture.

    Attributes:
        kind: START once, HOLD at every later step, END once.
        label: the model's name of the gesture.
        score: probability of the label, 0 to 1, at this step.
        start_ns: acquisition time of the image at which the gesture started.
        stamp_ns: acquisition time of the image of this step.
    """

    kind: EventKind
    label: str
    score: float
    start_ns: int
    stamp_ns: int


@dataclass(frozen=True)
class DecisionThresholds:
    """When scores become events; a calibrated part of a model.

    Attributes:
        start_score: smoothed probability from which a gesture may start.
        end_score: smoothed probability below which a started gesture ends (hysteresis).
        smoothing_s: time constant of the exponential smoothing of the scores; 0 for none.
        dwell_s: how long a gesture leads so before it starts.
        release_s: how long it stays below end_score before it ends.
        rearm_s: how long 'none' must lead after an end before the same gesture may start again.
            Another gesture may start at once: the first line of a + is a swipe down until the
            second is drawn.
        none_score: smoothed probability of 'none' above which no gesture may start; 1 for no
            bound. Whether it is a gesture at all is another question than which one: two that look
            alike share what 'none' leaves.
        label_dwell_s: label to how long that one leads before it starts, where it is not dwell_s.
            What other gestures begin with, or an idle hand does in passing, leads for a moment.

    Raises:
        ValueError: a field is out of its range; names the field and the value.
    """

    start_score: float = 0.8
    end_score: float = 0.4
    smoothing_s: float = 0.05
    dwell_s: float = 0.1
    release_s: float = 0.1
    rearm_s: float = 0.1
    none_score: float = 1.0
    label_dwell_s: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.end_score <= self.start_score <= 1:
            raise ValueError(
                f'end_score, start_score: {self.end_score}, {self.start_score}, '
                'allowed is 0 < end_score <= start_score <= 1'
            )
        if not 0 < self.none_score <= 1:
            raise ValueError(f'none_score: {self.none_score}, allowed is 0 < none_score <= 1')
        if not isinstance(self.label_dwell_s, Mapping):
            raise ValueError(
                f'label_dwell_s: {self.label_dwell_s!r}, allowed are seconds for some labels'
            )
        names = ('smoothing_s', 'dwell_s', 'release_s', 'rearm_s')
        durations_s = {name: getattr(self, name) for name in names}
        durations_s |= {f'label_dwell_s: {name}': s for name, s in self.label_dwell_s.items()}
        for name, duration_s in durations_s.items():
            if not 0 <= duration_s < np.inf:
                raise ValueError(f'{name}: {duration_s}, allowed is 0 or more seconds')

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse a label that a model does not have.

        Raises:
            ValueError: one of label_dwell_s is not among the labels.
        """
        if unknown := sorted(set(self.label_dwell_s) - set(labels)):
            raise ValueError(f'label_dwell_s: {unknown}, allowed are labels: {tuple(labels)}')


class DecisionPolicy:
    """Turns the probabilities of one stream into gesture events.

    Three states follow each other: armed (a gesture may start), active (one has started), resting
    (it has ended, and 'none' must lead for a while before the same gesture may start). Time is the
    stamps'; no clock is read.

    Args:
        labels: the class names in the order of the probabilities; one of them is 'none'.
        thresholds: when scores become events.

    Raises:
        ValueError: 'none' is not among the labels, or a label of the thresholds is not.
    """

    def __init__(self, labels: Sequence[str], thresholds: DecisionThresholds) -> None:
        self._labels = tuple(labels)
        if NONE_LABEL not in self._labels:
            raise ValueError(f"labels: {self._labels}, '{NONE_LABEL}' must be among them")
        self._none = self._labels.index(NONE_LABEL)
        self._nothing = np.array([label == NONE_LABEL for label in self._labels], np.float32)
        thresholds.check_labels(self._labels)
        self._thresholds = thresholds
        self._dwell_ns = [
            _ns(thresholds.label_dwell_s.get(label, thresholds.dwell_s)) for label in self._labels
        ]
        self._forget()

    def _forget(self) -> None:
        self._last_ns: int | None = None
        self._scores: npt.NDArray[np.float64] | None = None
        self._active: int | None = None
        self._start_ns = 0
        self._resting: int | None = None
        self._leading = _Lasting()
        self._low = _Lasting()
        self._quiet = _Lasting()

    def reset(self) -> list[GestureEvent]:
        """Forget the stream so far.

        Returns:
            The END of a started gesture, stamped with the last step; empty where none had started.
        """
        ended = []
        if self._active is not None and self._last_ns is not None:
            ended = [self._event(EventKind.END, self._last_ns)]
        self._forget()
        return ended

    def step(self, stamp_ns: int, probabilities: npt.NDArray[np.float32]) -> list[GestureEvent]:
        """The events of one step, in the order in which they happen (END before START).

        Args:
            stamp_ns: acquisition time of the newest image. One that does not lie after the last
                (a looping bag) begins a new stream.
            probabilities: (classes,) in the order of the labels. Where one is not finite, they
                count as certainty of 'none'.
        """
        if not np.isfinite(probabilities).all():
            probabilities = self._nothing  # smoothing would never forget it
        jumped_back = self._last_ns is not None and stamp_ns <= self._last_ns
        ended = self.reset() if jumped_back else []
        self._smooth(stamp_ns, probabilities)
        self._last_ns = stamp_ns
        if self._active is not None:
            return ended + self._go_on(stamp_ns)
        return ended + self._maybe_start(stamp_ns)

    def _smooth(self, stamp_ns: int, probabilities: npt.NDArray[np.float32]) -> None:
        """Exponential smoothing by time, so that the camera's rate does not matter."""
        if self._scores is None or self._last_ns is None or self._thresholds.smoothing_s == 0:
            self._scores = np.asarray(probabilities, np.float64)
            return
        step_s = (stamp_ns - self._last_ns) * 1e-9
        share = 1 - np.exp(-step_s / self._thresholds.smoothing_s)
        self._scores = self._scores + share * (probabilities - self._scores)

    def _maybe_start(self, stamp_ns: int) -> list[GestureEvent]:
        assert self._scores is not None, 'set by _smooth'
        best = int(self._scores.argmax())
        rested_ns = self._quiet.update(best if best == self._none else None, stamp_ns)
        if rested_ns >= _ns(self._thresholds.rearm_s):
            self._resting = None
        is_candidate = (
            best != self._none
            and self._scores[best] >= self._thresholds.start_score
            and self._scores[self._none] <= self._thresholds.none_score
        )
        led_ns = self._leading.update(best if is_candidate else None, stamp_ns)
        if best == self._resting or led_ns < self._dwell_ns[best]:
            return []
        self._active, self._start_ns = best, self._leading.since_ns
        self._low.update(None, stamp_ns)
        return [self._event(EventKind.START, stamp_ns)]

    def _go_on(self, stamp_ns: int) -> list[GestureEvent]:
        assert self._scores is not None and self._active is not None, 'a gesture has started'
        is_low = self._scores[self._active] < self._thresholds.end_score
        low_ns = self._low.update(self._active if is_low else None, stamp_ns)
        if low_ns < _ns(self._thresholds.release_s):
            return [self._event(EventKind.HOLD, stamp_ns)]
        ended = self._event(EventKind.END, stamp_ns)
        self._active, self._resting = None, self._active
        self._leading.update(None, stamp_ns)
        self._quiet.update(None, stamp_ns)
        return [ended]

    def _event(self, kind: EventKind, stamp_ns: int) -> GestureEvent:
        assert self._active is not None and self._scores is not None, 'a gesture has started'
        score = float(self._scores[self._active])
        return GestureEvent(kind, self._labels[self._active], score, self._start_ns, stamp_ns)


@dataclass
class _Lasting:
    """How long one thing has lasted without a break."""

    what: int | None = None
    since_ns: int = 0

    def update(self, what: int | None, stamp_ns: int) -> int:
        """Nanoseconds since this began; -1 where there is nothing."""
        if what != self.what:
            self.what, self.since_ns = what, stamp_ns
        return -1 if what is None else stamp_ns - self.since_ns


def _ns(duration_s: float) -> int:
    return round(duration_s * 1e9)
