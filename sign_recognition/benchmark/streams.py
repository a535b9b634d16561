"""The streams of a benchmark: who does what in front of which camera, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sign_recognition.benchmark.camera import film, landmark_frames
from sign_recognition.benchmark.people import People
from sign_recognition.benchmark.scenes import (
    IDLE,
    TALKING,
    Actor,
    Scene,
    gesture_scene,
    idle_scene,
)
from sign_recognition.evaluation.events import Interval
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.training.actors import AnatomicalActor, RecordedActor, Take
from sign_recognition.training.foreign import Track
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.streams import foreign_stream

# What is seen: gestures with other movement between; hands that do nothing; hands that talk; real
# people who do something else.
GESTURES, IDLE_HANDS, TALKING_HANDS, FOOTAGE = (
    'gestures', 'idle hands', 'talking hands', 'footage'
)  # fmt: skip
GROUPS = (GESTURES, IDLE_HANDS, TALKING_HANDS, FOOTAGE)
# What an actor makes of a clip: its joints as the depth camera gave them, or a hand of fixed bones.
HANDS: dict[str, Callable[[Rng], Actor]] = {
    'recorded joints': RecordedActor,
    'anatomical hand': AnatomicalActor,
}
_GESTURES_A_STREAM = 8
_IDLE_S = 300.0
_LEFT_HANDED = 0.25


@dataclass(frozen=True)
class Plan:
    """How much is looked at.

    Attributes:
        rates_hz: of the camera; every scene is seen at each.
        streams: with gestures, of 9 gestures each.
        idle_minutes: of idle hands, at each rate.
        talking_minutes: of talking hands, at each rate.
        footage_views: how often each real recording is seen: from another angle, at another pace.
        seed: of everything random.
    """

    rates_hz: tuple[float, ...] = (15.0, 30.0, 60.0)
    streams: int = 56
    idle_minutes: float = 30.0
    talking_minutes: float = 10.0
    footage_views: int = 4
    seed: int = 0


@dataclass(frozen=True)
class BenchmarkStream:
    """One stream at one rate.

    Attributes:
        name: of it.
        group: one of GROUPS.
        rate_hz: of the camera.
        signer: who performs, or the recording.
        hand: one of HANDS; empty for footage.
        truth: the gestures that are performed, seconds since the first image.
        parts: what the hand did, seconds.
        film: makes the landmarks.
    """

    name: str
    group: str
    rate_hz: float
    signer: str
    hand: str
    truth: tuple[Interval, ...]
    parts: tuple[Interval, ...]
    film: Callable[[], list[LandmarkFrame]]

    def part_at(self, time_s: float) -> str:
        """What the hand did at a time."""
        after = (each.label for each in self.parts if time_s < each.end_s)
        return next(after, self.parts[-1].label)


def make_streams(people: People, plan: Plan) -> Iterator[BenchmarkStream]:
    """All streams of a plan; landmarks are made when a stream is filmed."""
    for group, scenes in (
        (GESTURES, _gesture_scenes(people, plan)),
        (IDLE_HANDS, _idle_scenes(people, plan, 1, IDLE, plan.idle_minutes)),
        (TALKING_HANDS, _idle_scenes(people, plan, 2, (TALKING,), plan.talking_minutes)),
    ):
        for number, (signer, hand, left_handed, scene) in enumerate(scenes):
            for rate_hz in plan.rates_hz:
                view = hash_of(plan.seed, GROUPS.index(group), number)
                yield BenchmarkStream(
                    f'{group} {number:02d}, signer {signer}, {rate_hz:g} Hz', group, rate_hz,
                    signer, hand, scene.truth, scene.parts,
                    partial(film, scene, left_handed, rate_hz, view),
                )  # fmt: skip
    for number, track in enumerate(people.footage):
        for view in range(plan.footage_views):
            for rate_hz in plan.rates_hz:
                yield _footage(track, rate_hz, hash_of(plan.seed, 3, number, view), view)


def hash_of(*numbers: int) -> int:
    """A seed made of several."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


_Act = tuple[str, str, bool, Scene]


def _gesture_scenes(people: People, plan: Plan) -> Iterator[_Act]:
    decks = {
        signer: _deck(takes, np.random.default_rng((plan.seed, 0, 0, number)))
        for number, (signer, takes) in enumerate(people.takes.items())
    }
    for number in range(plan.streams):
        signer, hand, left_handed, rng = _cast(people, plan.seed, 0, number)
        labels = [next(decks[signer]) for _ in range(_GESTURES_A_STREAM)]
        twice = int(rng.integers(len(labels)))
        labels.insert(twice, labels[twice])
        scene = gesture_scene(people.takes[signer], labels, HANDS[hand](rng), rng)
        yield signer, hand, left_handed, scene.mirrored() if left_handed else scene


def _idle_scenes(
    people: People, plan: Plan, group: int, kinds: Sequence[str], minutes: float
) -> Iterator[_Act]:
    number, left_s = 0, minutes * 60
    while left_s > 0:
        signer, hand, left_handed, rng = _cast(people, plan.seed, group, number)
        takes = people.takes[signer]
        scene = idle_scene(takes, kinds, min(left_s, _IDLE_S), HANDS[hand](rng), rng)
        yield signer, hand, left_handed, scene.mirrored() if left_handed else scene
        number, left_s = number + 1, left_s - _IDLE_S


def _cast(people: People, seed: int, group: int, number: int) -> tuple[str, str, bool, Rng]:
    """Who performs with which hand; each signer with each kind of hand equally often."""
    rng = np.random.default_rng((seed, group, 1, number))
    signers = [*people.takes]
    hand = [*HANDS][number // len(signers) % len(HANDS)]
    return signers[number % len(signers)], hand, bool(rng.random() < _LEFT_HANDED), rng


def _deck(takes: Sequence[Take], rng: Rng) -> Iterator[str]:
    """Labels in random order, each as often as any other."""
    labels = sorted({take.label for take in takes})
    while True:
        yield from (labels[i] for i in rng.permutation(len(labels)))


def _footage(track: Track, rate_hz: float, seed: int, view: int) -> BenchmarkStream:
    part = Interval(track.source, 0.0, float('inf'))
    return BenchmarkStream(
        f'{track.source}, view {view}, {rate_hz:g} Hz', FOOTAGE, rate_hz, track.source, '', (),
        (part,), partial(_film_footage, track, rate_hz, seed),
    )  # fmt: skip


def _film_footage(track: Track, rate_hz: float, seed: int) -> list[LandmarkFrame]:
    rng = np.random.default_rng(seed)
    hands = foreign_stream(track.hands, track.stamps_s, rng, rate_hz).hands
    return landmark_frames(np.arange(len(hands)) / rate_hz, hands[:, :21], hands[:, 21:])
