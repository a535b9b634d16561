"""A rendered signer: the camera of a machine that has none, and the ground truth of its tests."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import (
    RIGHT_HAND,
    LandmarkFrame,
    Points,
    empty_points,
    flip_view,
    mirror,
)
from sign_recognition.sources.hand_model import RELAXED, Floats, HandPose
from sign_recognition.sources.hand_picture import (
    Camera,
    HandPainter,
    HandShape,
    Image,
    Look,
    make_backdrop,
)
from sign_recognition.sources.signer_gestures import (
    GESTURES,
    MIRRORED,
    Movement,
    idle,
    perform,
)

NONE_LABEL = 'none'

_FOREARM_LENGTH = 2.7
_GRAINS = 4
_GRAIN_STEP_S = 0.01
# Lit skin from pale to dark, BGR.
_SKIN_BGR = np.array(
    [(186, 204, 240), (150, 178, 226), (112, 146, 200), (74, 104, 160), (52, 74, 118)]
)


@dataclass(frozen=True)
class SignerFrame:
    """What the camera sees at one moment, and the truth of it.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        frame: the landmarks as they are; NaN where less than half of the hand is in the picture,
            z relative to the wrist's as MediaPipe gives it.
        label: the gesture being performed, 'none' between gestures.
    """

    image: Image
    frame: LandmarkFrame
    label: str


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


class Signer:
    """One person before a camera, who performs gestures and idles between them.

    Everything follows from the seed: two signers with the same arguments give the same pictures,
    and `render` gives the same picture for the same time in whatever order it is asked.

    Args:
        labels: the gestures to perform, in rounds: each once, shuffled, then again.
        seed: who the person is, and how and in what order they perform.
        size_px: (width, height) of the pictures.
        mirrored: give a mirror image (selfie view); otherwise what a camera sees, its flip.
        rest_s: shortest and longest time between two gestures.
        left_handed: perform with the left hand, as a right hand does in the mirror.
        sequence: instead of rounds, these gestures once, in this order; idle movement after.

    Raises:
        ValueError: a label that no signer knows, no label, or a rest shorter than 1 s.
    """

    def __init__(
        self,
        *,
        labels: Sequence[str] = GESTURES,
        seed: int = 0,
        size_px: tuple[int, int] = (640, 480),
        mirrored: bool = True,
        rest_s: tuple[float, float] = (2.5, 4.5),
        left_handed: bool = False,
        sequence: Sequence[str] | None = None,
    ) -> None:
        _check(labels if sequence is None else sequence, rest_s)
        self._seed = seed
        self._mirrored = mirrored
        self._rest_s = rest_s
        self._left_handed = left_handed
        self._order = self._rounds(labels) if sequence is None else _once(sequence)
        self._usual_place, self._sway = _person(_generator(seed, 'person'))
        self._camera = _camera(size_px, _generator(seed, 'camera'))
        self._painter = HandPainter(self._camera, _look(_generator(seed, 'look')))
        self._backdrops, self._grains = _backdrops(size_px, _generator(seed, 'backdrop'))
        self._passages: list[_Passage] = []

    def script(self, duration_s: float) -> list[Performance]:
        """The gestures that begin before a time, in order; the last may end after it."""
        self._plan_until(duration_s)
        return [
            Performance(each.label, each.start_s, each.start_s + each.movement.duration_s)
            for each in self._passages
            if each.label != NONE_LABEL and each.start_s < duration_s
        ]

    def render(self, time_s: float) -> SignerFrame:
        """What the camera sees, a pure function of time.

        Args:
            time_s: seconds since the stream's beginning, 0 or more.
        """
        passage = self._passage_at(time_s)
        pose = self._pose(passage, time_s)
        image = self._picture(pose, time_s)
        points = self._points(pose)
        if not self._mirrored:
            image, points = cv2.flip(image, 1), flip_view(points)
        frame = LandmarkFrame(round(time_s * 1e9), self._camera.size_px, points, self._mirrored)
        return SignerFrame(image, frame, passage.label)

    def _rounds(self, labels: Sequence[str]) -> Iterator[str]:
        rng = _generator(self._seed, 'order')
        while True:
            yield from (labels[i] for i in rng.permutation(len(labels)))

    def _passage_at(self, time_s: float) -> _Passage:
        self._plan_until(time_s)
        starts = [each.start_s for each in self._passages]
        return self._passages[max(bisect_right(starts, time_s) - 1, 0)]

    def _plan_until(self, time_s: float) -> None:
        """Extend the plan beyond a time. It grows in one order only, whatever is asked first."""
        while not self._passages or self._planned_s() <= time_s:
            self._plan_next()

    def _planned_s(self) -> float:
        last = self._passages[-1]
        return last.start_s + last.movement.duration_s

    def _plan_next(self) -> None:
        """Plan a rest and the gesture after it."""
        rng = _generator(self._seed, f'passage {len(self._passages)}')
        start_s = self._planned_s() if self._passages else 0.0
        before = self._passages[-1].movement.last if self._passages else self._at_rest()
        label = next(self._order, None)
        gesture = None if label is None else self._performance(label, rng)
        after = self._at_rest() if gesture is None else gesture.first
        rest = idle(before, after, rng.uniform(*self._rest_s), self._usual_place, rng)
        self._passages.append(_Passage(start_s, NONE_LABEL, rest))
        if label is not None and gesture is not None:
            self._passages.append(_Passage(start_s + rest.duration_s, label, gesture))

    def _performance(self, label: str, rng: np.random.Generator) -> Movement:
        twin = MIRRORED.get(label, label) if self._left_handed else label
        return perform(twin, self._usual_place, rng)

    def _at_rest(self) -> HandPose:
        return HandPose.of(self._usual_place + (0.3, 0.5, 0.1), (-10, 10, 10), RELAXED)

    def _pose(self, passage: _Passage, time_s: float) -> HandPose:
        """The planned pose with the sway of a living hand."""
        planned = passage.movement.at(time_s - passage.start_s)
        return HandPose(planned.values + self._sway.at(time_s))

    def _points(self, pose: HandPose) -> Points:
        """(75, 3) the hand's landmarks in the selfie picture."""
        points = empty_points()
        width, height = self._camera.size_px
        seen = self._camera.project(pose.joints)
        inside = ((seen[:, :2] >= 0) & (seen[:, :2] < (width, height))).all(axis=1)
        if inside.mean() >= 0.5:
            depth = (pose.joints[:, 2] - pose.place[2]) * seen[0, 2]
            points[RIGHT_HAND] = np.column_stack([seen[:, :2], depth]) / width
        return mirror(points) if self._left_handed else points

    def _picture(self, pose: HandPose, time_s: float) -> Image:
        """(H, W, 3) uint8 BGR, the selfie picture."""
        grain = int(time_s / _GRAIN_STEP_S) * 7 % _GRAINS
        picture = self._backdrops[grain].copy()
        self._painter.paint(picture, self._shape(pose), self._grains[grain])
        return cv2.flip(picture, 1) if self._left_handed else picture

    def _shape(self, pose: HandPose) -> HandShape:
        """The hand with its forearm; the elbow follows the hand half the way."""
        moved = pose.place - self._usual_place
        elbow = self._usual_place + (0.7, 2.4, 0.9) + 0.5 * moved
        wanted = (elbow - pose.place) / np.linalg.norm(elbow - pose.place)
        forearm = pose.forearm(wanted) * _FOREARM_LENGTH
        return HandShape(pose.joints, pose.place + forearm, -pose.rotation[:, 2])


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


def _generator(seed: int, purpose: str) -> np.random.Generator:
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


def _camera(size_px: tuple[int, int], rng: np.random.Generator) -> Camera:
    """A webcam of 55 to 65 degrees; the hand at an arm's length from it."""
    width, height = size_px
    scale_px = min(width, height * 4 / 3)
    return Camera(size_px, scale_px * rng.uniform(0.85, 1.0), scale_px * rng.uniform(0.115, 0.14))


def _look(rng: np.random.Generator) -> Look:
    tone = rng.uniform(0, len(_SKIN_BGR) - 1)
    skin = [np.interp(tone, range(len(_SKIN_BGR)), channel) for channel in _SKIN_BGR.T]
    light = np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.7, -0.2), 1.0])
    return Look(
        skin_bgr=np.array(skin) * rng.uniform(0.92, 1.08, 3),
        sleeve_bgr=rng.uniform(30, 200, 3),
        light=light / np.linalg.norm(light),
        ambient=rng.uniform(0.3, 0.5),
        stoutness=rng.uniform(0.92, 1.08),
    )


def _backdrops(
    size_px: tuple[int, int], rng: np.random.Generator
) -> tuple[list[Image], list[npt.NDArray[np.int16]]]:
    """The backdrop under a few different grains of sensor noise, and these grains."""
    backdrop = make_backdrop(size_px, rng)
    level = rng.uniform(1.5, 4.0)
    shape = (_GRAINS, *backdrop.shape)
    grains = np.round(rng.normal(0, level, shape)).astype(np.int16)
    return [cv2.add(backdrop, grain, dtype=cv2.CV_8U) for grain in grains], list(grains)
