"""What a benchmark's people do: gestures in random order, and all that hands do between them.

Unlike the streams of training, a scene keeps what every moment of it was, so that a false event can
be laid to the movement that it came from; and it does not change when training does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.evaluation.events import Interval
from sign_recognition.landmarks import PALM_JOINTS, Points
from sign_recognition.training.actors import AnatomicalActor, RecordedActor, Take
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    minimum_jerk,
    mirror_world,
    smooth_noise,
)
from sign_recognition.vocabulary import MIRRORED

# What hands do between gestures; `idle` scenes are made of the first five.
STILL, RELAXED, ADJUSTING, SCRATCHING, COMING = (
    'held still', 'relaxed', 'adjusting', 'scratching', 'coming and going',
)  # fmt: skip
TALKING, BROKEN_OFF, PREPARING = 'talking', 'broken off', 'preparing and going back'
IDLE = (STILL, RELAXED, ADJUSTING, SCRATCHING, COMING)
BETWEEN = (*IDLE, TALKING, BROKEN_OFF)

# A hand that is moved without meaning: slower than nine of ten swipes (0.15 m/s), on average.
_ADJUSTING_MPS = (0.04, 0.12)
_PREPARING_MPS = (0.08, 0.2)
# Gestures begin within about a hand's length of here, as people have a place for them.
_PLACE_M = np.array((0.05, 0.05, 0.02))
# A gesture that is broken off is seen up to this share of its stroke.
_BROKEN_SHARE = 0.4

Actor = AnatomicalActor | RecordedActor


@dataclass(frozen=True)
class Scene:
    """One person's right hand for a while.

    Attributes:
        hand: (F, 21, 3) float32 metres at RATE_HZ, y down, NaN while the hand is away.
        truth: the gestures, their strokes in seconds.
        parts: what the hand did, without gaps; the label is one of the kinds above, or the
            gesture's (from the clip's first frame to its last).
    """

    hand: Points
    truth: tuple[Interval, ...]
    parts: tuple[Interval, ...]

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return len(self.hand) / RATE_HZ

    def mirrored(self) -> Scene:
        """The same by a left hand; gestures with a direction change their names."""

        def renamed(each: Interval) -> Interval:
            return replace(each, label=MIRRORED.get(each.label, each.label))

        parts = tuple(map(renamed, self.parts))
        return Scene(mirror_world(self.hand), tuple(map(renamed, self.truth)), parts)


def gesture_scene(takes: Sequence[Take], labels: Sequence[str], actor: Actor, rng: Rng) -> Scene:
    """A person performs the gestures in this order, with other movement between.

    Args:
        takes: the person's clips, with all the labels among them.
        labels: of the gestures; the same one may follow itself.
        actor: who performs the clips.
        rng: the source of chance.
    """
    writer = _SceneWriter(takes, actor, rng)
    writer.do(STILL)
    for label, following in zip(labels, [*labels[1:], ''], strict=True):
        writer.perform(label)
        if label == following:
            writer.do(STILL)
        elif rng.random() < 0.75:
            writer.do(str(rng.choice(BETWEEN)))
    writer.do(STILL)
    return writer.scene()


def idle_scene(
    takes: Sequence[Take], kinds: Sequence[str], duration_s: float, actor: Actor, rng: Rng
) -> Scene:
    """A person whose hand is in view and does nothing that is meant for the robot.

    Args:
        takes: the person's clips: the hand is held as where they begin.
        kinds: what it does, each as often.
        duration_s: at least so long, seconds.
        actor: whose hand it is.
        rng: the source of chance.
    """
    writer = _SceneWriter(takes, actor, rng)
    writer.do(STILL)
    while writer.now_s < duration_s:
        writer.do(str(rng.choice(kinds)))
    return writer.scene()


class _SceneWriter:
    """Adds one movement after the other; each begins where the last one ended."""

    def __init__(self, takes: Sequence[Take], actor: Actor, rng: Rng) -> None:
        self._takes, self._actor, self._rng = takes, actor, rng
        self._chunks: list[Points] = []
        self._frames = 0
        self._pose = self._any_pose()
        self._truth: list[Interval] = []
        self._parts: list[Interval] = []
        self._verbs: Mapping[str, Callable[[], None]] = {
            STILL: self._hold,
            RELAXED: self._relax,
            ADJUSTING: self._adjust,
            SCRATCHING: self._scratch,
            COMING: self._come_and_go,
            TALKING: self._talk,
            BROKEN_OFF: self._break_off,
        }

    @property
    def now_s(self) -> float:
        """Duration so far."""
        return self._frames / RATE_HZ

    def scene(self) -> Scene:
        """All that was written."""
        return Scene(np.concatenate(self._chunks), tuple(self._truth), tuple(self._parts))

    def do(self, kind: str) -> None:
        """One movement of a kind."""
        begin_s = self.now_s
        self._verbs[kind]()
        if self._parts:  # the hand may have been brought into place first
            begin_s = max(begin_s, self._parts[-1].end_s)
        self._parts.append(Interval(kind, begin_s, self.now_s))

    def perform(self, label: str) -> None:
        """A gesture, after the hand was brought into place."""
        takes = [take for take in self._takes if take.label == label]
        take, twin = (takes[self._rng.integers(len(takes))] for _ in range(2))
        hand = self._actor.perform(take, self._any_take(), twin)[: take.stroke.end]
        begin_s = self._prepare(hand)
        stroke = take.stroke
        start_s, end_s = (begin_s + frame / RATE_HZ for frame in (stroke.begin, stroke.done))
        self._truth.append(Interval(label, start_s, end_s))
        self._parts.append(Interval(label, begin_s, self.now_s))

    def _prepare(self, hand: Points) -> float:
        """Bring the hand to where a movement begins, then make it; when that was, seconds."""
        begin_s = self.now_s
        place = self._rng.normal(0, _PLACE_M).astype(np.float32)
        hand = hand - _palm(hand[0]) + place
        self._move(hand[0], self._rng.uniform(*_PREPARING_MPS))
        if self._rng.random() < 0.5:
            self._hold(0.1, 0.6)
        self._parts.append(Interval(PREPARING, begin_s, self.now_s))
        begin_s = self.now_s
        self._add(hand)
        return begin_s

    def _add(self, chunk: Floats) -> None:
        self._chunks.append(np.asarray(chunk, np.float32))
        self._frames += len(chunk)
        seen = np.isfinite(chunk[:, 0, 0])
        if seen.any():
            self._pose = np.asarray(chunk[seen][-1], np.float32)

    def _any_take(self) -> Take:
        return self._takes[self._rng.integers(len(self._takes))]

    def _any_pose(self) -> Points:
        """(21, 3) a hand as any clip begins, somewhere near its place."""
        pose = self._actor.pose(self._any_take())
        return np.asarray(pose - _palm(pose) + self._rng.normal(0, _PLACE_M), np.float32)

    def _hold(self, shortest_s: float = 0.4, longest_s: float = 2.5) -> None:
        """The hand stays, trembles and drifts."""
        frames = _frames(self._rng.uniform(shortest_s, longest_s))
        drift = smooth_noise(self._rng, frames, 3, 12) * self._rng.uniform(0.001, 0.01)
        fingers = smooth_noise(self._rng, frames, 63, 8).reshape(frames, 21, 3)
        drift, fingers = drift - drift[:1], fingers - fingers[:1]
        self._add(self._pose + drift[:, None] + fingers * self._rng.uniform(0.0003, 0.003))

    def _relax(self) -> None:
        """The hand sinks a little and its fingers play."""
        hand = self._actor.rest(self._any_take(), _frames(self._rng.uniform(1.0, 4.0)))
        aside = self._rng.normal((0, 0.04, 0.01), (0.05, 0.03, 0.02))
        hand = hand - _palm(hand[0]) + (_palm(self._pose) + aside).clip(-0.2, 0.2)
        self._move(hand[0], self._rng.uniform(*_ADJUSTING_MPS))
        self._add(hand)

    def _adjust(self) -> None:
        """A slow way to another place, in another pose."""
        self._move(self._any_pose(), self._rng.uniform(*_ADJUSTING_MPS))
        self._hold(0.3, 1.5)

    def _scratch(self) -> None:
        """Up to the face or down to the arm, where the fingers scratch."""
        aside = self._rng.normal((0, self._rng.choice((-0.1, 0.1)), 0), 0.03)
        self._move((self._any_pose() + aside).astype(np.float32), self._rng.uniform(0.08, 0.15))
        frames = _frames(self._rng.uniform(0.8, 2.5))
        time_s = np.arange(frames) / RATE_HZ
        wave = np.sin(2 * np.pi * self._rng.uniform(2.5, 4.5) * time_s)
        direction = self._rng.normal(0, 1, 3) * (1, 1, 0.5)
        reach_m = self._rng.uniform(0.004, 0.012) * direction / np.linalg.norm(direction)
        self._add(self._pose + wave[:, None, None] * reach_m)

    def _come_and_go(self) -> None:
        """Out of view, mostly downwards, and back after a while."""
        self._add(self._pose + self._way_out(_frames(self._rng.uniform(0.4, 0.9)), -1))
        self._add(np.full((_frames(self._rng.uniform(0.7, 3.0)), 21, 3), np.nan))
        pose = self._any_pose()
        self._add(pose + self._way_out(_frames(self._rng.uniform(0.5, 1.2)), 1))
        self._add(pose[None])
        self._hold(0.3, 1.2)

    def _way_out(self, frames: int, inwards: int) -> Floats:
        """(F, 1, 3) from the pose to the edge of the view; the other way round where inwards."""
        angle = self._rng.normal(np.pi / 2, 0.5)
        direction = np.array((np.cos(angle), np.sin(angle), self._rng.normal(0, 0.2)))
        way = self._rng.uniform(0.2, 0.5) * direction * _slowing(frames)[:, None, None]
        return np.asarray(way[::-inwards])

    def _talk(self) -> None:
        """A hand that talks: a smooth path, fingers that change."""
        frames = _frames(self._rng.uniform(1.5, 4.0))
        time_s = np.arange(frames) / RATE_HZ
        path = np.zeros((frames, 3))
        for _ in range(3):
            rate_hz = self._rng.uniform(0.3, 1.2)
            reach_m = self._rng.normal(0, 0.04, 3) * (1, 1, 0.6) / max(rate_hz, 0.5)
            phase = 2 * np.pi * (rate_hz * time_s[:, None] + self._rng.random(3))
            path += reach_m * np.sin(phase)
        path = (path - path[:1]) * np.minimum(1, time_s / 0.4)[:, None]
        start, other = self._pose - _palm(self._pose), self._any_pose()
        share = 0.5 + 0.5 * np.tanh(2 * smooth_noise(self._rng, frames, 1, 10))
        share = (share * np.minimum(1, time_s / 0.5)[:, None])[:, None]
        fingers = start + (other - _palm(other) - start) * share
        self._add(_palm(self._pose) + fingers + path[:, None])
        self._hold(0.2, 0.8)

    def _break_off(self) -> None:
        """Less than half of a gesture; the hand stops, and stays a while."""
        take = self._any_take()
        stroke = take.stroke
        last = stroke.begin + max(2, round((stroke.done - stroke.begin) * _BROKEN_SHARE))
        self._prepare(self._actor.perform(take, take, take)[:last])
        self._hold(0.6, 1.5)

    def _move(self, pose: Points, speed_mps: float) -> None:
        """To a pose on a smooth way, a little curved, at this speed on average."""
        distance_m = float(np.linalg.norm(_palm(pose) - _palm(self._pose)))
        frames = _frames(max(distance_m / speed_mps, 0.4))
        share = minimum_jerk(frames)[:, None, None]
        curve = self._rng.normal(0, 0.1 * distance_m, 3) * np.sin(np.pi * share)
        self._add(self._pose + (pose - self._pose) * share + curve)


def _palm(pose: Points) -> Points:
    """(3,) the middle of the palm."""
    return np.asarray(pose[PALM_JOINTS,].mean(axis=0))


def _frames(duration_s: float) -> int:
    return max(3, round(duration_s * RATE_HZ))


def _slowing(frames: int) -> Floats:
    """0 to 1, at its fastest at 1: a hand is slow at its place and fast at the edge of the view."""
    return 2 * minimum_jerk(2 * frames)[:frames]
