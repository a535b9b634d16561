"""What a signer does and when: gestures in rounds, idle movement between, a living hand's sway.

It knows no picture: the rendered signer paints it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sign_recognition.decision import NONE_LABEL
from sign_recognition.sources.hand_model import RELAXED, Floats, HandPose
from sign_recognition.sources.signer_gestures import Movement, idle, perform
from sign_recognition.vocabulary import GESTURES, MIRRORED


@dataclass(frozen=True)
class Performance:
    """One gesture of the script.

    Attributes:
        label: its name.
        start_s: when the hand leaves the pose from which the gesture begins; seconds since the
            stream's beginning.
        end_s: when its last movement is done, with the way back where people return the hand as
            part of the gesture (swipes, taps, rotations, grabs) and without where they do not
            (pinch, expand, X, +, V).
    """

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class _Passage:
    """A stretch of the stream with one movement: a performance, or idling (label 'none')."""

    start_s: float
    label: str
    movement: Movement


class SignerScript:
    """One person's performances and idle movement, planned as far as anybody has asked.

    Everything follows from the seed; what is asked first changes nothing.

    Args:
        labels: the gestures to perform, in rounds: each once, shuffled, then again.
        sequence: instead of rounds, these gestures once, in this order; idle movement after.
        seed: who the person is, and how and in what order they perform.
        rest_s: shortest and longest time between two gestures.
        left_handed: the label is that of a left hand, which moves as a right hand in the mirror.

    Attributes:
        usual_place: (3,) where the person holds the hand, hand lengths from the picture's centre.

    Raises:
        ValueError: a label that no signer knows, no label, or a rest shorter than 1 s.
    """

    def __init__(
        self,
        labels: Sequence[str],
        sequence: Sequence[str] | None,
        *,
        seed: int,
        rest_s: tuple[float, float],
        left_handed: bool,
    ) -> None:
        _check(labels if sequence is None else sequence, rest_s)
        self._seed = seed
        self._rest_s = rest_s
        self._left_handed = left_handed
        self._order = self._rounds(labels) if sequence is None else _once(sequence)
        self.usual_place, self._sway = _person(generator(seed, 'person'))
        self._passages: list[_Passage] = []

    def performances(self, duration_s: float) -> list[Performance]:
        """The gestures that begin before a time, in order; the last may end after it."""
        self._plan_until(duration_s)
        return [
            Performance(each.label, each.start_s, each.start_s + each.movement.duration_s)
            for each in self._passages
            if each.label != NONE_LABEL and each.start_s < duration_s
        ]

    def label_at(self, time_s: float) -> str:
        """The gesture being performed, 'none' between gestures."""
        return self._passage_at(time_s).label

    def pose_at(self, time_s: float) -> HandPose:
        """The right hand's planned pose with the sway of a living hand."""
        passage = self._passage_at(time_s)
        planned = passage.movement.at(time_s - passage.start_s)
        return HandPose(planned.values + self._sway.at(time_s))

    def _rounds(self, labels: Sequence[str]) -> Iterator[str]:
        rng = generator(self._seed, 'order')
        while True:
            yield from (labels[i] for i in rng.permutation(len(labels)))

    def _passage_at(self, time_s: float) -> _Passage:
        self._plan_until(time_s)
        i = bisect_right(self._passages, time_s, key=lambda each: each.start_s)
        return self._passages[max(i - 1, 0)]

    def _plan_until(self, time_s: float) -> None:
        """Extend the plan beyond a time. It grows in one order only, whatever is asked first."""
        while not self._passages or self._planned_s() <= time_s:
            self._plan_next()

    def _planned_s(self) -> float:
        last = self._passages[-1]
        return last.start_s + last.movement.duration_s

    def _plan_next(self) -> None:
        """Plan a rest and the gesture after it."""
        rng = generator(self._seed, f'passage {len(self._passages)}')
        start_s = self._planned_s() if self._passages else 0.0
        before = self._passages[-1].movement.last if self._passages else self._at_rest()
        label = next(self._order, None)
        gesture = None if label is None else self._performance(label, rng)
        after = self._at_rest() if gesture is None else gesture.first
        rest = idle(before, after, rng.uniform(*self._rest_s), self.usual_place, rng)
        self._passages.append(_Passage(start_s, NONE_LABEL, rest))
        if label is not None and gesture is not None:
            self._passages.append(_Passage(start_s + rest.duration_s, label, gesture))

    def _performance(self, label: str, rng: np.random.Generator) -> Movement:
        twin = MIRRORED.get(label, label) if self._left_handed else label
        return perform(twin, self.usual_place, rng)

    def _at_rest(self) -> HandPose:
        return HandPose.of(self.usual_place + (0.3, 0.5, 0.1), (-10, 10, 10), RELAXED)


@dataclass(frozen=True)
class _Sway:
    """The unrest of a hand that is held still: slow sines on each value of a pose.

    Attributes:
        amplitudes: (3, 26), in the pose's units.
        frequencies_hz: (3, 26).
        phases: (3, 26), radians.
    """

    amplitudes: Floats
    frequencies_hz: Floats
    phases: Floats

    def at(self, time_s: float) -> Floats:
        """(26,) what to add to a pose."""
        angles = 2 * np.pi * self.frequencies_hz * time_s + self.phases
        sway: Floats = (self.amplitudes * np.sin(angles)).sum(axis=0)
        return sway


def _check(labels: Sequence[str], rest_s: tuple[float, float]) -> None:
    unknown = sorted(set(labels) - set(GESTURES))
    if unknown or not labels:
        raise ValueError(f'labels: {unknown or "none"}, allowed are one or more of {GESTURES}')
    if not 1.0 <= rest_s[0] <= rest_s[1]:
        raise ValueError(f'rest_s: {rest_s}, allowed is 1 s <= shortest <= longest')


def _once(sequence: Sequence[str]) -> Iterator[str]:
    yield from sequence


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of their own for each purpose, so that none depends on another's use."""
    return np.random.default_rng([seed, *purpose.encode()])


def _person(rng: np.random.Generator) -> tuple[Floats, _Sway]:
    """Where a person holds the hand, and how it sways."""
    place = np.array([0.35, 0.85, 0.0]) + rng.normal(0, (0.25, 0.12, 0.15))
    strength = np.concatenate([np.full(3, 0.02), np.full(3, 1.2), np.full(20, 2.2)])
    amplitudes = strength * rng.uniform(0.3, 1.0, (3, 26))
    slowest, fastest = np.array([(0.15, 0.5), (0.5, 1.1), (1.1, 2.5)]).T[..., None]
    frequencies_hz = rng.uniform(slowest, fastest, (3, 26))
    return place, _Sway(amplitudes, frequencies_hz, rng.uniform(0, 2 * np.pi, (3, 26)))
