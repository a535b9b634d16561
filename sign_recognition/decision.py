"""From scores over time to gesture events: reject, dwell, hysteresis, re-arm, hold, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
        start_score: probability from which a gesture may start.
        end_score: probability below which a started gesture ends (hysteresis).
        dwell_s: how long a gesture leads above start_score before it starts.
        release_s: how long it stays below end_score before it ends.
        rearm_s: pause after an end before the next start.
    """

    start_score: float = 0.8
    end_score: float = 0.4
    dwell_s: float = 0.1
    release_s: float = 0.1
    rearm_s: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.end_score <= self.start_score <= 1:
            raise ValueError(
                f'end_score, start_score: {self.end_score}, {self.start_score}, '
                'allowed is 0 < end_score <= start_score <= 1'
            )
        for name in ('dwell_s', 'release_s', 'rearm_s'):
            if not getattr(self, name) >= 0:
                raise ValueError(f'{name}: {getattr(self, name)}, allowed is 0 or more seconds')


class DecisionPolicy:
    """Turns the probabilities of one stream into gesture events.

    Args:
        labels: the class names in the order of the probabilities; one of them is 'none'.
        thresholds: when scores become events.
    """

    def __init__(self, labels: Sequence[str], thresholds: DecisionThresholds) -> None:
        self._labels = tuple(labels)
        self._thresholds = thresholds

    def reset(self) -> None:
        """Forget the stream so far; a started gesture is dropped without an END."""

    def step(self, stamp_ns: int, probabilities: npt.NDArray[np.float32]) -> list[GestureEvent]:
        """The events of one step, in the order in which they happen (END before START)."""
        return []
