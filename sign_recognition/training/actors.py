"""Who performs the clips in invented streams: the recorded points, or an anatomical hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sign_recognition.datasets.shrec17 import Shrec17Clip
from sign_recognition.landmarks import RIGHT_HAND, Points
from sign_recognition.sources.hand_model import BONES, RELAXED
from sign_recognition.training.hand_motion import HandMotion
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    resample,
    reshape_fingers,
    smooth_noise,
)
from sign_recognition.training.strokes import Stroke, find_stroke

# How far the joints of a resting finger go to and fro (sigma of the liveliest hand). In recordings
# of asl8, tips of thumb and index finger whose palm stays move against each other by 0.08 hand
# lengths in half a second (median; 0.17 in the upper quarter), and so they do here.
_PLAY_DEG = 7.0


@dataclass(frozen=True)
class Take:
    """A clip made ready: the right hand alone, and where its stroke lies.

    Attributes:
        hand: (F, 21, 3) float32 metres, y down, 30 Hz.
        label: the gesture.
        stroke: begin, done and end in frames.
        motion: the same movement by an anatomical hand.
        fingers: 1 for one finger, 2 for the whole hand.
    """

    hand: Points
    label: str
    stroke: Stroke
    motion: HandMotion
    fingers: int

    @classmethod
    def from_clip(cls, clip: Shrec17Clip, motion: HandMotion) -> Take:
        """Cut the hand out of a clip and find its stroke."""
        hand = clip.points[:, RIGHT_HAND]
        stroke = find_stroke(motion.joints(), clip.label)
        return cls(hand, clip.label, stroke, motion, clip.fingers)


class RecordedActor:
    """Performs takes with the joints that the depth camera recorded.

    Args:
        rng: the source of chance.
    """

    def __init__(self, rng: Rng) -> None:
        self._rng = rng

    def pose(self, take: Take) -> Points:
        """(21, 3) metres: how the take begins."""
        return np.asarray(take.hand[0])

    def rest(self, take: Take, frames: int) -> Points:
        """(F, 21, 3) metres: what stands for a hand at rest, the beginning of any take."""
        return np.repeat(take.hand[:1], frames, axis=0)

    def perform(self, take: Take, other: Take, twin: Take) -> Points:
        """(F, 21, 3) metres: the take. Recorded points cannot borrow the fingers of another."""
        is_reshaped = self._rng.random() < 0.6
        return reshape_fingers(take.hand, self._rng) if is_reshaped else take.hand


class AnatomicalActor:
    """Performs takes with one person's anatomical hand: own bones, own habits of the fingers.

    Args:
        rng: the source of chance; draws the person.
    """

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._bones = BONES * rng.uniform(0.9, 1.1, (5, 1)) * rng.uniform(0.95, 1.05, (5, 3))
        self._habit_deg = rng.normal(0, 5, (5, 4))
        self._length_m = float(rng.uniform(0.085, 0.1))

    def pose(self, take: Take) -> Points:
        """(21, 3) metres: how the take begins."""
        return np.asarray(self._held(take, take.motion.fingers_deg[:1])[0])

    def rest(self, take: Take, frames: int) -> Points:
        """(F, 21, 3) metres: a relaxed hand, turned as the take begins, whose fingers play."""
        play = smooth_noise(self._rng, frames, 20, self._rng.uniform(3, 10)).reshape(-1, 5, 4)
        slack = RELAXED + self._rng.normal(0, 8, (5, 4))
        return self._held(take, slack + play * self._rng.uniform(0, _PLAY_DEG))

    def perform(self, take: Take, other: Take, twin: Take) -> Points:
        """(F, 21, 3) metres: the path of one take, now and then with other fingers.

        Args:
            take: what is performed.
            other: any take; a stroke in the air may borrow its fingers, for there they say nothing.
            twin: a take of the same gesture, whose fingers do the same thing in their own way.
        """
        motion = replace(take.motion, length_m=self._length_m)
        fingers_deg, chance = motion.fingers_deg, self._rng.random()
        if take.label.startswith('Swipe') and chance < 0.35:
            pace = self._rng.choice((0.0, self._rng.uniform(0.2, 1.0)))
            last = (len(other.motion.fingers_deg) - 1) * pace
            fingers_deg = _fingers_at(other, np.linspace(0, last, len(fingers_deg)))
        elif chance < 0.6:
            fingers_deg = _fingers_at(twin, _in_step(take, twin))
        return motion.joints(fingers_deg + self._habit_deg, self._bones)

    def _held(self, take: Take, fingers_deg: Floats) -> Points:
        """(F, 21, 3) metres: these fingers where the take begins."""
        motion, frames = take.motion, len(fingers_deg)
        held = HandMotion(
            motion.place_m[:1].repeat(frames, axis=0),
            motion.rotation[:1].repeat(frames, axis=0),
            motion.fingers_deg,
            self._length_m,
        )
        return held.joints(fingers_deg + self._habit_deg, self._bones)


def _in_step(take: Take, twin: Take) -> Floats:
    """For each frame of a take the frame of its twin at the same point of the stroke."""
    own, its = (
        np.array((0, each.stroke.begin, each.stroke.done, len(each.hand) - 1), np.float64)
        for each in (take, twin)
    )
    return np.interp(np.arange(len(take.hand)), own, its)


def _fingers_at(take: Take, frames: Floats) -> Floats:
    """(G, 5, 4) degrees: a take's joint angles at any frames."""
    angles = take.motion.fingers_deg
    return resample(angles, np.arange(len(angles), dtype=float), frames)
