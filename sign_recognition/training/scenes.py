"""Scenes of one hand that say when each gesture was done: what a webcam is then put before.

A live recogniser sees gestures begin, end, follow each other and be broken off, and between them
hands that rest, reach, come and go. Clips show none of that, so scenes are sewn together from clips
and from invented movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.landmarks import PALM_JOINTS, Points
from sign_recognition.training.actors import AnatomicalActor, RecordedActor, Take
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    minimum_jerk,
    resample,
    smooth_noise,
    stretch_path,
    turn_with_path,
)
from sign_recognition.training.strokes import Stroke

_SWIPE_OPPOSITES = {
    'Swipe Right': 'Swipe Left',
    'Swipe Left': 'Swipe Right',
    'Swipe Up': 'Swipe Down',
    'Swipe Down': 'Swipe Up',
}
TWO_LINES = ('Swipe +', 'Swipe X', 'Swipe V')
# These differ by the fingers alone, and are learned last.
_ALIKE = ('Grab', 'Tap', 'Pinch')
# How fast a hand is brought into place, on average; at its fastest it is twice as fast. Nine of ten
# swipes in the clips are faster than 0.15 m/s, half of them than 0.3.
_PREPARING_MPS = (0.04, 0.1)
# How much slower than in the clips a gesture is done; a slower line would be a preparation, two
# lines are none.
_SLOWEST = 0.5
_SLOWEST_SWIPES = {**dict.fromkeys(_SWIPE_OPPOSITES, 0.65), **dict.fromkeys(TWO_LINES, 0.45)}
# Share of the streams in which an anatomical hand performs, not the depth camera's points.
_ANATOMICAL = 0.7
# The largest swipe is this much larger than in the clips.
_WIDEST = 1.8
# A window is of the gesture from this share of the stroke on. A single line must be over: it may be
# the first of a + or a V.
_ENOUGH_SHARE = 0.87
_ENOUGH_OF_LINE_SHARE = 0.93
# Up to this share too little is seen. Movements that repeat can be told sooner; the first of two
# lines says nothing yet, whatever swipe it looks like, nor does an X that is still a V.
_LITTLE_SHARE = 0.45
_LITTLE_SHARES = {
    'Shake': 0.25, 'Rotation CW': 0.3, 'Rotation CCW': 0.3,
    **dict.fromkeys(TWO_LINES, 0.7),
}  # fmt: skip
# A window is of a gesture this long after its stroke, and after this time the gesture is over.
# Windows between little and enough, and between fresh and over, are neither one nor the other.
_FRESH_S = 0.65
_OVER_S = 1.05


@dataclass(frozen=True)
class Performed:
    """A gesture in a scene or a stream: seconds from its beginning."""

    label: str
    begin_s: float
    done_s: float

    @property
    def little_s(self) -> float:
        """Up to here too little of it is seen to tell it."""
        share = _LITTLE_SHARES.get(self.label, _LITTLE_SHARE)
        return self.begin_s + share * (self.done_s - self.begin_s)

    @property
    def enough_s(self) -> float:
        """From here on it is told."""
        share = _ENOUGH_OF_LINE_SHARE if self.label in _SWIPE_OPPOSITES else _ENOUGH_SHARE
        return self.begin_s + share * (self.done_s - self.begin_s)

    @property
    def fresh_until_s(self) -> float:
        """Up to here it is told."""
        return self.done_s + _FRESH_S

    @property
    def over_s(self) -> float:
        """From here on it is no more to be told."""
        return self.done_s + _OVER_S


@dataclass(frozen=True)
class Scene:
    """One hand's movement for a while, before any camera.

    Attributes:
        hand: (F, 21, 3) float32 metres, y down, 30 Hz, NaN while the hand is away.
        performed: the gestures in it, in order.
        traps_s: when a hand has just come, gone, reached elsewhere or broken a gesture off: what is
            easily taken for one.
    """

    hand: Points
    performed: tuple[Performed, ...]
    traps_s: tuple[float, ...]


class SceneBuilder:
    """Sews clips and invented movement into one 3D movement at 30 Hz.

    Args:
        takes: the clips to draw from.
        rng: the source of chance.
    """

    def __init__(self, takes: Sequence[Take], rng: Rng) -> None:
        self._takes = takes
        self._actor = AnatomicalActor(rng) if rng.random() < _ANATOMICAL else RecordedActor(rng)
        self._by_label: dict[str, list[Take]] = {}
        for take in takes:
            self._by_label.setdefault(take.label, []).append(take)
        self._rng = rng
        self._home = np.zeros(3, np.float32)
        self._chunks: list[Points] = []
        self._frames = 0
        self._performed: list[Performed] = []
        self._last_label = ''
        self._traps_s: list[float] = []

    def build(self, gestures: int) -> Scene:
        """A scene with so many clips in it."""
        self._begin()
        for _ in range(gestures):
            self._maybe_distract()
            self._gesture(self._next_take())
            self._after_gesture()
        self._hold(self._rng.uniform(0.3, 1.5))
        return Scene(np.concatenate(self._chunks), tuple(self._performed), tuple(self._traps_s))

    def _add(self, chunk: Points) -> None:
        self._chunks.append(np.asarray(chunk, np.float32))
        self._frames += len(chunk)

    @property
    def _pose(self) -> Points:
        """The hand as last seen."""
        for chunk in reversed(self._chunks):
            seen = np.isfinite(chunk[:, 0, 0])
            if seen.any():
                return np.asarray(chunk[seen][-1])
        raise AssertionError('a scene begins with a pose')

    def _begin(self) -> None:
        pose = self._random_pose()
        chance = self._rng.random()
        if chance < 0.35:
            self._add(np.full((self._rng.integers(3, 40), *pose.shape), np.nan))
        if chance < 0.6:
            self._enter(pose)
        self._add(pose[None])
        self._hold(self._rng.choice((self._rng.uniform(0, 0.4), self._rng.uniform(0.4, 2.5))))

    def _random_pose(self) -> Points:
        pose = self._actor.pose(self._any_take())
        return np.asarray(pose - pose[PALM_JOINTS,].mean(axis=0) + self._home)

    def _any_take(self) -> Take:
        return self._takes[self._rng.integers(len(self._takes))]

    def _twin_of(self, take: Take) -> Take:
        twins = [each for each in self._by_label[take.label] if each.fingers == take.fingers]
        return twins[self._rng.integers(len(twins))]

    def _next_take(self) -> Take:
        opposite = _SWIPE_OPPOSITES.get(self._last_label)
        often = set(_SWIPE_OPPOSITES) | set(_ALIKE)
        labels = sorted(self._by_label) + sorted(set(self._by_label) & often)
        label = labels[self._rng.integers(len(labels))]
        if opposite in self._by_label and self._rng.random() < 0.35:
            label = opposite
        elif self._last_label in self._by_label and self._rng.random() < 0.15:
            label = self._last_label
        takes = self._by_label[label]
        return takes[self._rng.integers(len(takes))]

    def _gesture(self, take: Take) -> None:
        """Perform a clip where the hand is, or at home; some are broken off."""
        partial = self._rng.random() < 0.15
        # Half of a large swipe is a small swipe: what is broken off is small.
        hand, stroke = self._vary(take, widest=0.8 if partial else _WIDEST)
        keeps_return = self._rng.random() < 0.65
        begin = int(self._rng.integers(0, stroke.begin + 1)) if self._rng.random() < 0.5 else 0
        end = stroke.end if keeps_return else min(stroke.done + 3, stroke.end)
        if partial:
            # The first line of a + would be a swipe.
            share = 0.25 if take.label in TWO_LINES else 0.4
            end = stroke.begin + max(2, round((stroke.done - stroke.begin) * share))
        hand = hand[begin:end]
        hand = hand - hand[0, PALM_JOINTS].mean(axis=0) + self._next_place()
        self._move_to(hand[0])
        if not partial:
            shift = self._frames - begin
            self._performed.append(
                Performed(
                    take.label, (shift + stroke.begin) / RATE_HZ, (shift + stroke.done) / RATE_HZ
                )
            )
        self._last_label = take.label
        self._add(hand)
        if partial:
            self._traps_s.append(self._frames / RATE_HZ)

    def _next_place(self) -> Points:
        """(3,) where the next gesture begins: at home, where the hand is, or a little way off, for
        people bring the hand into place first, and that is no part of the gesture."""
        chance = self._rng.random()
        if chance < 0.3:
            return self._home
        if chance < 0.6:
            return np.asarray(self._pose[PALM_JOINTS,].mean(axis=0))
        return self._home + self._rng.normal(0, (0.12, 0.12, 0.05)).astype(np.float32)

    def _vary(self, take: Take, widest: float) -> tuple[Points, Stroke]:
        """Another speed and another size of the same movement."""
        frames = len(take.hand)
        is_swipe = take.label.startswith('Swipe')
        slowest = _SLOWEST_SWIPES.get(take.label, _SLOWEST)
        speed = np.exp(self._rng.uniform(np.log(slowest), np.log(1.8)))
        unsteady = smooth_noise(self._rng, 2 * frames, 1, 8)[:, 0] * self._rng.uniform(0, 0.3)
        wanted = np.cumsum(speed * np.exp(unsteady))
        wanted = np.concatenate(([0.0], wanted[wanted < frames - 1]))
        hand = self._actor.perform(take, self._any_take(), self._twin_of(take))
        hand = resample(hand, np.arange(frames, dtype=float), wanted)
        hand = stretch_path(hand, self._rng.uniform(0.8, widest if is_swipe else 1.2))
        if is_swipe and self._rng.random() < 0.6:
            hand = turn_with_path(hand, self._rng)
        stroke = take.stroke
        begin, done, end = np.searchsorted(wanted, (stroke.begin, stroke.done, stroke.end))
        done = int(np.clip(done, 1, len(hand) - 1))
        return hand, Stroke(min(int(begin), done - 1), done, max(int(end), done + 1))

    def _move_to(self, pose: Points) -> None:
        """Reach a pose, slowly: the way would be a swipe itself if it were fast."""
        distance_m = float(np.linalg.norm((pose - self._pose)[PALM_JOINTS,].mean(axis=0)))
        slow_s = min(distance_m / self._rng.uniform(*_PREPARING_MPS), 2.5)
        self._reach(pose, max(self._rng.uniform(0.4, 1.2), slow_s))
        self._hold(self._rng.uniform(0, 0.5))

    def _after_gesture(self) -> None:
        """Rest, go back at once, leave, or go on."""
        if self._rng.random() < 0.5:
            self._rest()
            return
        chance = self._rng.random()
        if chance < 0.3:
            self._hold(self._rng.uniform(0, 0.25))
            pose = self._pose
            back = pose - pose[PALM_JOINTS,].mean(axis=0) + self._home
            self._reach(back, self._rng.uniform(0.3, 0.9))
            self._hold(self._rng.uniform(0.5, 1.5))
        elif chance < 0.8:
            self._hold(self._rng.uniform(0.6, 1.8))
        elif chance < 0.9:
            self._vanish()
        else:
            self._leave()
            self._enter(self._random_pose())
            self._hold(self._rng.uniform(0.2, 0.8))

    def _rest(self) -> None:
        """Sink to a rest near by and let the fingers play."""
        hand = self._actor.rest(self._any_take(), round(self._rng.uniform(0.3, 1.8) * RATE_HZ))
        aside = self._rng.normal((0, 0.04, 0.01), (0.06, 0.05, 0.02)).astype(np.float32)
        place = self._pose[PALM_JOINTS,].mean(axis=0)
        hand = hand - hand[0, PALM_JOINTS].mean(axis=0) + place + aside
        self._reach(hand[0], self._rng.uniform(0.4, 1.2))
        self._add(hand)
        self._traps_s.append(self._frames / RATE_HZ)

    def _maybe_distract(self) -> None:
        chance = self._rng.random()
        if chance < 0.3:
            self._wander(self._rng.uniform(1.0, 3.5))
        elif chance < 0.4:
            self._scratch(self._rng.uniform(0.8, 2.5))
        elif chance < 0.48:
            self._leave()
            self._enter(self._random_pose())
        else:
            return
        self._hold(self._rng.uniform(0.2, 0.8))

    def _hold(self, duration_s: float) -> None:
        """A resting hand trembles and drifts."""
        frames = round(duration_s * RATE_HZ)
        if frames < 1:
            return
        drift = smooth_noise(self._rng, frames, 3, 12) * self._rng.uniform(0.001, 0.012)
        fingers = smooth_noise(self._rng, frames, 63, 8).reshape(frames, 21, 3)
        drift, fingers = drift - drift[:1], fingers - fingers[:1]
        self._add(self._pose + drift[:, None] + fingers * self._rng.uniform(0.0003, 0.003))

    def _reach(self, pose: Points, duration_s: float) -> None:
        """A smooth movement to a pose, a little curved, as arms move."""
        frames = max(3, round(duration_s * RATE_HZ))
        share = minimum_jerk(frames)[:, None, None]
        start = self._pose
        curve = self._rng.normal(0, 0.02, 3) * np.sin(np.pi * share)
        self._add(start + (pose - start) * share + curve)
        self._traps_s += [(self._frames - back) / RATE_HZ for back in (0, frames // 3)]

    def _enter(self, pose: Points) -> None:
        """The hand comes into view from a side, mostly from below, and slows down."""
        frames = round(self._rng.uniform(0.2, 1.2) * RATE_HZ)
        share = 1 - minimum_jerk(2 * frames)[frames:][:, None, None]
        self._add(pose + self._way_out() * share)
        self._add(pose[None])
        self._traps_s.append(self._frames / RATE_HZ)

    def _leave(self) -> None:
        frames = round(self._rng.uniform(0.2, 0.7) * RATE_HZ)
        share = minimum_jerk(2 * frames)[:frames][:, None, None]
        pose = self._pose
        self._add(pose + self._way_out() * share)
        self._traps_s.append(self._frames / RATE_HZ)
        self._add(np.full((round(self._rng.uniform(0.1, 1.5) * RATE_HZ), *pose.shape), np.nan))

    def _vanish(self) -> None:
        """The tracker loses the hand at the gesture's end, and finds it elsewhere."""
        pose = self._random_pose()
        self._add(np.full((round(self._rng.uniform(0.3, 1.5) * RATE_HZ), *pose.shape), np.nan))
        self._add(pose[None])
        self._hold(self._rng.uniform(0.3, 1.0))

    def _way_out(self) -> Floats:
        angle = self._rng.normal(np.pi / 2, 0.9)
        distance_m = self._rng.uniform(0.1, 0.6)
        return distance_m * np.array([np.cos(angle), np.sin(angle), self._rng.normal(0, 0.3)])

    def _scratch(self, duration_s: float) -> None:
        """Fingers that scratch or rub go to and fro by millimetres, which is no shake."""
        frames = round(duration_s * RATE_HZ)
        way = self._rng.normal(0, 1, 3) * (1, 1, 0.5)
        reach_m = self._rng.uniform(0.003, 0.012) * way / np.linalg.norm(way)
        turns = self._rng.uniform(2.5, 6.0) * np.arange(1, frames + 1) / RATE_HZ
        self._add(self._pose + (np.sin(2 * np.pi * turns)[:, None] * reach_m)[:, None])
        self._traps_s += [(self._frames - back) / RATE_HZ for back in (0, frames // 2)]

    def _wander(self, duration_s: float) -> None:
        """Hands that talk: a random smooth path with changing fingers, or a wide slow wave."""
        frames = round(duration_s * RATE_HZ)
        time_s = np.arange(frames) / RATE_HZ
        start = self._pose
        path = np.zeros((frames, 3))
        for _ in range(4):
            rate_hz = self._rng.uniform(0.2, 1.3)
            reach_m = self._rng.normal(0, 0.05, 3) * (1, 1, 0.6) / max(rate_hz, 0.5)
            path += reach_m * np.sin(2 * np.pi * (rate_hz * time_s[:, None] + self._rng.random()))
        if self._rng.random() < 0.25:
            wave_hz, width_m = self._rng.uniform(0.8, 2.0), self._rng.uniform(0.08, 0.2)
            path[:, 0] += width_m * np.sin(2 * np.pi * wave_hz * time_s)
        if self._rng.random() < 0.3:
            path *= self._rng.uniform(0, 0.2)  # the hand stays, the fingers play
        path *= np.minimum(1, time_s / 0.4)[:, None]
        other = self._random_pose() - self._home
        own = start - start[PALM_JOINTS,].mean(axis=0)
        share = 0.5 + 0.5 * np.tanh(2 * smooth_noise(self._rng, frames, 1, 10))
        share = (share * np.minimum(1, time_s / 0.5)[:, None])[:, None]
        fingers = own + (other - own) * share * self._rng.uniform(0, 1)
        self._add(fingers + (start - own)[0] + path[:, None])
