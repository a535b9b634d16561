"""Streams: what a tracker before a virtual webcam makes of a scene, and windows cut from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import PALM_JOINTS, Points
from sign_recognition.training.actors import Take
from sign_recognition.training.scenes import TWO_LINES, Performed, SceneBuilder
from sign_recognition.training.scripted import scripted_scene
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    VirtualCamera,
    camera_stamps,
    guess_depth,
    lose_frames,
    mirror_world,
    resample,
    resize_hand,
    smooth_noise,
    tracker_noise,
    wear_real_hand,
)
from sign_recognition.vocabulary import MIRRORED

# Share of the streams that show swipes alone, performed by a hand of a real recording.
_REAL_HANDS = 0.33
# Clips in a stream.
_GESTURES = 3


@dataclass(frozen=True)
class Stream:
    """What a tracker saw for a while.

    Attributes:
        hands: (F, 42, 3) float32 image widths, left then right hand, NaN for not seen.
        rate_hz: frames per second.
        performed: the gestures in it, in order.
        traps_s: when a hand did what is easily taken for a gesture, as in a Scene.
    """

    hands: Points
    rate_hz: float
    performed: tuple[Performed, ...]
    traps_s: tuple[float, ...] = ()

    def label_at(self, time_s: float) -> str | None:
        """The label of a window that ends at a time; None where it is neither one nor the other."""
        for each in reversed(self.performed):
            if each.enough_s <= time_s <= each.fresh_until_s:
                return each.label
            if each.little_s < time_s < each.over_s:
                return None
        return NONE_LABEL

    def window(self, end: int, frames: int) -> Points:
        """(frames, 42, 3) ending with frame `end`; NaN before the stream began."""
        window = np.full((frames, *self.hands.shape[1:]), np.nan, np.float32)
        begin = max(0, end + 1 - frames)
        window[frames - (end + 1 - begin) :] = self.hands[begin : end + 1]
        return window


def make_stream(
    takes: Sequence[Take],
    rng: Rng,
    rate_hz: float,
    real_hands: Sequence[Points] = (),
    scripted_share: float = 0.0,
) -> Stream:
    """One invented stream of a webcam.

    Args:
        takes: clips of the signers to draw from.
        rng: the source of chance.
        rate_hz: rate at which the model reads.
        real_hands: (G, 21, 3) image widths each; a third of the streams then show swipes alone,
            performed by one of these.
        scripted_share: share of the streams in which nobody's clips are performed, but the
            script of the rendered signer.
    """
    real = None
    if rng.random() < scripted_share:
        scene = scripted_scene(_GESTURES, rng)
    else:
        if len(real_hands) and rng.random() < _REAL_HANDS:
            real = real_hands[rng.integers(len(real_hands))]
            takes = [take for take in takes if take.label.startswith('Swipe')] or takes
        scene = SceneBuilder(takes, rng).build(_GESTURES)
    hand, performed = resize_hand(scene.hand, rng), scene.performed
    left_handed = rng.random() < 0.3
    if left_handed:
        hand = mirror_world(hand)
        performed = tuple(
            replace(each, label=MIRRORED.get(each.label, each.label)) for each in performed
        )
    other, two_handed = _second_hand(hand, rng)
    both = np.stack((hand, other) if left_handed else (other, hand), axis=1)
    hands = _through_webcam(both, rng, rate_hz, real)
    events = () if two_handed else performed
    stream = Stream(hands, rate_hz, events, scene.traps_s)
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
    traps_s = tuple(trap_s - begin_s for trap_s in stream.traps_s if trap_s > begin_s)
    return Stream(stream.hands[first:], stream.rate_hz, kept, traps_s) if first else stream


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
    palm = twin[:, PALM_JOINTS].mean(axis=1, keepdims=True)
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
    for trap_s in rng.permutation(stream.traps_s)[:6]:
        ends.append(round((trap_s + rng.uniform(-0.15, 0.5)) * stream.rate_hz))
    if not stream.performed:
        ends += list(rng.integers(4, last, 4))
    for each in stream.performed:
        fresh_s = rng.uniform(each.enough_s, each.fresh_until_s, 5)
        early_s = rng.uniform(each.begin_s, each.little_s, 5 if each.label in TWO_LINES else 2)
        late_s = rng.uniform(each.over_s, each.done_s + 2.0, 1)
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
