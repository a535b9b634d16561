"""Long streams of hand movement that say when each gesture was done, and windows cut from them.

A live recogniser sees gestures begin, end, follow each other and be broken off, and between them
hands that rest, reach, come and go. Clips show none of that, so streams are sewn together from
clips and from invented movement, then looked at through a virtual webcam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import Points
from sign_recognition.training.actors import AnatomicalActor, RecordedActor, Take
from sign_recognition.training.stream_augmentation import (
    MIRRORED_LABELS,
    Floats,
    Rng,
    VirtualCamera,
    camera_stamps,
    guess_depth,
    lose_frames,
    minimum_jerk,
    mirror_world,
    resample,
    resize_hand,
    smooth_noise,
    stretch_path,
    tracker_noise,
    turn_with_path,
    wear_real_hand,
)
from sign_recognition.training.strokes import Stroke

_PALM = (0, 5, 9, 13, 17)
_SWIPE_OPPOSITES = {
    'Swipe Right': 'Swipe Left',
    'Swipe Left': 'Swipe Right',
    'Swipe Up': 'Swipe Down',
    'Swipe Down': 'Swipe Up',
}
_TWO_LINES = ('Swipe +', 'Swipe X', 'Swipe V')
# These differ by the fingers alone, and are learned last.
_ALIKE = ('Grab', 'Tap', 'Pinch')
# How fast a hand is brought into place, on average; at its fastest it is twice as fast. Nine of ten
# swipes in the clips are faster than 0.15 m/s, half of them than 0.3.
_PREPARING_MPS = (0.04, 0.1)
# How much slower than in the clips a gesture is done; a slower line would be a preparation, two
# lines are none.
_SLOWEST = 0.5
_SLOWEST_SWIPES = {**dict.fromkeys(_SWIPE_OPPOSITES, 0.65), **dict.fromkeys(_TWO_LINES, 0.45)}
# Share of the streams in which an anatomical hand performs, not the depth camera's points.
_ANATOMICAL = 0.7
# Share of the streams that show swipes alone, performed by a hand of a real recording.
_REAL_HANDS = 0.33
# The largest swipe is this much larger than in the clips.
_WIDEST = 1.8
# A window is of the gesture from this share of the stroke on, and this long after it. A single
# line must be over: it may be the first of a + or a V.
_ENOUGH_SHARE = 0.87
_ENOUGH_OF_LINE_SHARE = 0.93
_FRESH_S = 0.65
# Up to this share too little is seen; after this time the gesture is over. Windows between are
# neither, and are not trained on.
_LITTLE_SHARE = 0.45
# Movements that repeat can be told sooner; the first of two lines says nothing yet, whatever swipe
# it looks like, and half of it is a line.
_LITTLE_SHARES = {
    'Shake': 0.25, 'Rotation CW': 0.3, 'Rotation CCW': 0.3,
    **dict.fromkeys(_TWO_LINES, 0.55),
}  # fmt: skip
_OVER_S = 1.05


@dataclass(frozen=True)
class Performed:
    """A gesture in a stream: seconds from the stream's beginning."""

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


@dataclass(frozen=True)
class Stream:
    """What a tracker saw for a while.

    Attributes:
        hands: (F, 42, 3) float32 image widths, left then right hand, NaN for not seen.
        rate_hz: frames per second.
        performed: the gestures in it, in order.
        traps: seconds at which a hand has just come, gone, reached elsewhere or broken a gesture
            off: what is easily taken for one.
    """

    hands: Points
    rate_hz: float
    performed: tuple[Performed, ...]
    traps: tuple[float, ...] = ()

    def label_at(self, time_s: float) -> str | None:
        """The label of a window that ends at a time; None where it is neither one nor the other."""
        for each in reversed(self.performed):
            if each.enough_s <= time_s <= each.done_s + _FRESH_S:
                return each.label
            if each.little_s < time_s < each.done_s + _OVER_S:
                return None
        return NONE_LABEL

    def window(self, end: int, frames: int) -> Points:
        """(frames, 42, 3) ending with frame `end`; NaN before the stream began."""
        window = np.full((frames, *self.hands.shape[1:]), np.nan, np.float32)
        begin = max(0, end + 1 - frames)
        window[frames - (end + 1 - begin) :] = self.hands[begin : end + 1]
        return window


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
        self.traps_s: list[float] = []

    def build(self, gestures: int) -> tuple[Points, list[Performed]]:
        """(F, 21, 3) metres with NaN while the hand is away, and what was performed."""
        self._begin()
        for _ in range(gestures):
            self._maybe_distract()
            self._gesture(self._next_take())
            self._after_gesture()
        self._hold(self._rng.uniform(0.3, 1.5))
        return np.concatenate(self._chunks), self._performed

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
        return np.asarray(pose - pose[_PALM,].mean(axis=0) + self._home)

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
            share = 0.25 if take.label in _TWO_LINES else 0.4
            end = stroke.begin + max(2, round((stroke.done - stroke.begin) * share))
        hand = hand[begin:end]
        hand = hand - hand[0, _PALM].mean(axis=0) + self._next_place()
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
            self.traps_s.append(self._frames / RATE_HZ)

    def _next_place(self) -> Points:
        """(3,) where the next gesture begins: at home, where the hand is, or a little way off, for
        people bring the hand into place first, and that is no part of the gesture."""
        chance = self._rng.random()
        if chance < 0.3:
            return self._home
        if chance < 0.6:
            return np.asarray(self._pose[_PALM,].mean(axis=0))
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
        distance_m = float(np.linalg.norm((pose - self._pose)[_PALM,].mean(axis=0)))
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
            back = pose - pose[_PALM,].mean(axis=0) + self._home
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
        hand = hand - hand[0, _PALM].mean(axis=0) + self._pose[_PALM,].mean(axis=0) + aside
        self._reach(hand[0], self._rng.uniform(0.4, 1.2))
        self._add(hand)
        self.traps_s.append(self._frames / RATE_HZ)

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
        self.traps_s += [(self._frames - back) / RATE_HZ for back in (0, frames // 3)]

    def _enter(self, pose: Points) -> None:
        """The hand comes into view from a side, mostly from below, and slows down."""
        frames = round(self._rng.uniform(0.2, 1.2) * RATE_HZ)
        share = 1 - minimum_jerk(2 * frames)[frames:][:, None, None]
        self._add(pose + self._way_out() * share)
        self._add(pose[None])
        self.traps_s.append(self._frames / RATE_HZ)

    def _leave(self) -> None:
        frames = round(self._rng.uniform(0.2, 0.7) * RATE_HZ)
        share = minimum_jerk(2 * frames)[:frames][:, None, None]
        pose = self._pose
        self._add(pose + self._way_out() * share)
        self.traps_s.append(self._frames / RATE_HZ)
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
        self.traps_s += [(self._frames - back) / RATE_HZ for back in (0, frames // 2)]

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
        own = start - start[_PALM,].mean(axis=0)
        share = 0.5 + 0.5 * np.tanh(2 * smooth_noise(self._rng, frames, 1, 10))
        share = (share * np.minimum(1, time_s / 0.5)[:, None])[:, None]
        fingers = own + (other - own) * share * self._rng.uniform(0, 1)
        self._add(fingers + (start - own)[0] + path[:, None])


def make_stream(
    takes: Sequence[Take],
    rng: Rng,
    rate_hz: float,
    gestures: int = 3,
    real_hands: Sequence[Points] = (),
) -> Stream:
    """One invented stream of a webcam.

    Args:
        takes: clips of the signers to draw from.
        rng: the source of chance.
        rate_hz: rate at which the model reads.
        gestures: how many clips it holds.
        real_hands: (G, 21, 3) image widths each; a third of the streams then show swipes alone,
            performed by one of these.
    """
    real = None
    if len(real_hands) and rng.random() < _REAL_HANDS:
        real = real_hands[rng.integers(len(real_hands))]
        takes = [take for take in takes if take.label.startswith('Swipe')] or takes
    builder = SceneBuilder(takes, rng)
    scene, performed = builder.build(gestures)
    scene = resize_hand(scene, rng)
    left_handed = rng.random() < 0.3
    if left_handed:
        scene = mirror_world(scene)
        performed = [
            replace(each, label=MIRRORED_LABELS.get(each.label, each.label)) for each in performed
        ]
    other, two_handed = _second_hand(scene, rng)
    both = np.stack((scene, other) if left_handed else (other, scene), axis=1)
    hands = _through_webcam(both, rng, rate_hz, real)
    events = () if two_handed else tuple(performed)
    stream = Stream(hands, rate_hz, events, tuple(builder.traps_s))
    return _begin_late(stream, rng) if rng.random() < 0.25 else stream


def _begin_late(stream: Stream, rng: Rng) -> Stream:
    """The camera starts just before a gesture, or even inside it."""
    if not stream.performed:
        return stream
    chosen = stream.performed[rng.integers(len(stream.performed))]
    begin_s = chosen.begin_s + rng.uniform(-0.6, 0.25 * (chosen.done_s - chosen.begin_s))
    first = max(0, round(begin_s * stream.rate_hz))
    kept = tuple(
        replace(each, begin_s=each.begin_s - begin_s, done_s=each.done_s - begin_s)
        for each in stream.performed
        if each.done_s >= chosen.done_s
    )
    traps = tuple(trap_s - begin_s for trap_s in stream.traps if trap_s > begin_s)
    return Stream(stream.hands[first:], stream.rate_hz, kept, traps) if first else stream


def _second_hand(scene: Points, rng: Rng) -> tuple[Points, bool]:
    """The other hand: away, at rest, or doing the same, which is no gesture of one hand."""
    chance = rng.random()
    away = np.full_like(scene, np.nan)
    if chance < 0.66:
        return away, False
    twin = mirror_world(scene) + np.array((rng.uniform(-0.5, 0.5), 0, 0), np.float32)
    if chance < 0.84:
        return _partner(twin, rng), True
    seen = np.flatnonzero(np.isfinite(scene[:, 0, 0]))
    rest = np.repeat(twin[seen[:1]], len(scene), axis=0)
    drift = smooth_noise(rng, len(scene), 3, 15) * rng.uniform(0.001, 0.02)
    begin = rng.integers(len(scene)) if rng.random() < 0.4 else 0
    away[begin:] = (rest + drift[:, None] + rng.normal(0, 0.1, 3))[begin:]
    return away, False


def _partner(twin: Points, rng: Rng) -> Points:
    """A mirrored hand whose way mirrors the other's too, opposes it (a zoom is that), or goes along
    with it; no two hands go equally far."""
    palm = twin[:, _PALM].mean(axis=1, keepdims=True)
    ways = np.array([(1, 1, 1), (1, -1, 1), (-1, 1, 1)], np.float32)
    way = ways[rng.integers(len(ways))] * rng.uniform(0.6, 1.2)
    return np.asarray(twin + (palm - np.nanmean(palm, axis=0)) * (way - 1), np.float32)


def _through_webcam(both: Points, rng: Rng, rate_hz: float, real: Points | None) -> Points:
    """(F, 2, 21, 3) metres at 30 Hz to (G, 42, 3) image widths at rate_hz."""
    duration_s = len(both) / RATE_HZ
    stamps_s = camera_stamps(duration_s, rng)
    seen = resample(both, np.arange(len(both)) / RATE_HZ, stamps_s)
    centre = np.nanmean(both, axis=(0, 1, 2))
    image = VirtualCamera.random(rng).project(seen, centre)
    for side in range(2):
        if real is not None:
            image[:, side] = wear_real_hand(image[:, side], real, rng)
        if np.isfinite(image[:, side]).any():
            noisy = tracker_noise(guess_depth(image[:, side], rng), rng)
            image[:, side] = lose_frames(noisy, rng)
    image = _confuse_sides(image, rng)
    wanted_s = np.arange(stamps_s[0], stamps_s[-1], 1 / rate_hz)
    return resample(image, stamps_s, wanted_s).reshape(len(wanted_s), 42, 3)


def _confuse_sides(image: Points, rng: Rng) -> Points:
    """A tracker now and then takes one hand for the other, for a while or all the time."""
    if rng.random() > 0.2:
        return image
    confused = image.copy()
    begin, end = np.sort(rng.integers(0, len(image), 2)) if rng.random() < 0.7 else (0, len(image))
    confused[begin:end] = image[begin:end, ::-1]
    return confused


def foreign_stream(hands: Points, stamps_s: Floats, rng: Rng, rate_hz: float) -> Stream:
    """A real recording that holds none of the gestures, seen by another camera at another pace.

    Args:
        hands: (F, 42, 3) image widths.
        stamps_s: (F,) acquisition times.
        rng: the source of chance.
        rate_hz: rate at which the model reads.
    """
    pace = np.exp(rng.uniform(np.log(0.75), np.log(1.35)))
    stamps_s = (stamps_s - stamps_s[0]) / pace
    wanted_s = np.arange(0, stamps_s[-1], 1 / rate_hz)
    if rng.random() < 0.5:
        hands = mirror_world(hands.reshape(-1, 2, 21, 3)[:, ::-1]).reshape(-1, 42, 3)
    angle = np.deg2rad(rng.normal(0, 10))
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    turned = (hands @ turn.T).astype(np.float32)
    if rng.random() < 0.25:
        turned[:, :21] = np.nan
    noise = rng.normal(0, rng.uniform(0, 0.003), turned.shape).astype(np.float32)
    return Stream(resample(turned + noise, stamps_s, wanted_s), rate_hz, ())


def cut_windows(stream: Stream, frames: int, rng: Rng) -> list[tuple[Points, str]]:
    """Windows with their labels: fresh gestures, broken and finished ones, and the time between."""
    last = len(stream.hands) - 1
    if last < 8:
        return []
    ends = list(rng.integers(4, last, 2))
    for trap_s in rng.permutation(stream.traps)[:6]:
        ends.append(round((trap_s + rng.uniform(-0.15, 0.5)) * stream.rate_hz))
    if not stream.performed:
        ends += list(rng.integers(4, last, 4))
    for each in stream.performed:
        fresh_s = rng.uniform(each.enough_s, each.done_s + _FRESH_S, 5)
        early_s = rng.uniform(each.begin_s, each.little_s, 5 if each.label in _TWO_LINES else 2)
        late_s = rng.uniform(each.done_s + _OVER_S, each.done_s + 2.0, 1)
        times_s = np.concatenate((fresh_s, early_s, late_s))
        ends += list(np.round(times_s * stream.rate_hz).astype(int))
    labelled = ((end, stream.label_at(end / stream.rate_hz)) for end in ends if 4 <= end <= last)
    return [(stream.window(int(end), frames), label) for end, label in labelled if label]


def clip_stream(take: Take, rng: Rng, rate_hz: float) -> Stream:
    """One clip as it is, seen by a virtual webcam, and the hand resting for half a second after.

    Unlike make_stream it changes neither speed nor size, and loses no hand on purpose.
    """
    rest = np.repeat(take.hand[-1:], round(0.5 * RATE_HZ), axis=0)
    scene = np.concatenate((take.hand, rest))
    stamps_s = camera_stamps(len(scene) / RATE_HZ, rng)
    seen = resample(scene, np.arange(len(scene)) / RATE_HZ, stamps_s)
    image = VirtualCamera.random(rng).project(seen, scene.mean(axis=(0, 1)))
    wanted_s = np.arange(stamps_s[0], stamps_s[-1], 1 / rate_hz)
    hand = resample(tracker_noise(guess_depth(image, rng), rng), stamps_s, wanted_s)
    hands = np.concatenate((np.full_like(hand, np.nan), hand), axis=1)
    stroke = take.stroke
    performed = Performed(take.label, stroke.begin / RATE_HZ, stroke.done / RATE_HZ)
    return Stream(hands, rate_hz, (performed,))
