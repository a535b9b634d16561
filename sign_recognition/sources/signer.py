"""A rendered signer: the camera of a machine that has none, and the ground truth of its tests."""

from __future__ import annotations

from collections.abc import Sequence
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
from sign_recognition.sources.hand_model import HandPose
from sign_recognition.sources.hand_picture import (
    Camera,
    HandPainter,
    HandShape,
    Image,
    Look,
    make_backdrop,
)
from sign_recognition.sources.signer_script import Performance, SignerScript, generator
from sign_recognition.vocabulary import GESTURES

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


class Signer:
    """One person before a camera, who performs gestures and idles between them.

    Everything follows from the seed: two signers with the same arguments give the same pictures,
    and `render` gives the same picture for the same time in whatever order it is asked.

    Args:
        labels, sequence, rest_s: what is performed and when, as in SignerScript.
        seed: who the person is, how and in what order they perform, and all that is in the picture.
        size_px: (width, height) of the pictures.
        mirrored: give a mirror image (selfie view); otherwise what a camera sees, its flip.
        left_handed: perform with the left hand, as a right hand does in the mirror.

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
        self._script = SignerScript(
            labels, sequence, seed=seed, rest_s=rest_s, left_handed=left_handed
        )
        self._mirrored = mirrored
        self._left_handed = left_handed
        self._camera = _camera(size_px, generator(seed, 'camera'))
        self._painter = HandPainter(self._camera, _look(generator(seed, 'look')))
        self._backdrops, self._grains = _backdrops(size_px, generator(seed, 'backdrop'))

    def script(self, duration_s: float) -> list[Performance]:
        """The gestures that begin before a time, in order; the last may end after it."""
        return self._script.performances(duration_s)

    def render(self, time_s: float) -> SignerFrame:
        """What the camera sees, a pure function of time.

        Args:
            time_s: seconds since the stream's beginning, 0 or more.
        """
        pose = self._script.pose_at(time_s)
        image = self._picture(pose, time_s)
        points = self._points(pose)
        if not self._mirrored:
            image, points = cv2.flip(image, 1), flip_view(points)
        frame = LandmarkFrame(round(time_s * 1e9), self._camera.size_px, points, self._mirrored)
        return SignerFrame(image, frame, self._script.label_at(time_s))

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
        moved = pose.place - self._script.usual_place
        elbow = self._script.usual_place + (0.7, 2.4, 0.9) + 0.5 * moved
        wanted = (elbow - pose.place) / np.linalg.norm(elbow - pose.place)
        forearm = pose.forearm(wanted) * _FOREARM_LENGTH
        return HandShape(pose.joints, pose.place + forearm, -pose.rotation[:, 2])


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
