"""MediaPipe: an RGB image in, a landmark frame out. The only module that imports mediapipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import (
    LEFT_HAND,
    OPPOSITE_SIDE,
    POSE,
    RIGHT_HAND,
    LandmarkFrame,
    Points,
    empty_points,
)

MAX_HANDS = 2
# MediaPipe's wheel holds this body network alone; for any other it would go to the network.
_BODY_MODEL_COMPLEXITY = 1
# Two detections whose wrists lie nearer than this share of a hand's length are one hand seen twice.
_SAME_HAND_SHARE = 0.5


def _import_solutions() -> Any:
    """`mediapipe.solutions`, without the seconds that its optional import of TensorFlow takes."""
    os.environ.setdefault('GLOG_minloglevel', '2')
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    had_tensorflow = 'tensorflow' in sys.modules
    if not had_tensorflow:
        sys.modules['tensorflow'] = None  # type: ignore[assignment]
    try:
        import mediapipe
    finally:
        if not had_tensorflow:
            del sys.modules['tensorflow']
    return mediapipe.solutions


@dataclass(frozen=True)
class DetectorConfig:
    """How to look for a person.

    Attributes:
        solution: 'hands' (fast, hands only) or 'holistic' (hands and body).
        mirrored: the images are mirror images (selfie view).
        model_complexity: of 'hands', 0 (faster) or 1 (more exact).
        min_detection_confidence: 0 to 1, to accept a new hand or person.
        min_tracking_confidence: 0 to 1, to go on tracking before looking anew.
    """

    solution: str = 'hands'
    mirrored: bool = True
    model_complexity: int = 0
    min_detection_confidence: float = 0.5
    min_tracking_confidence: float = 0.5


class Detector(Protocol):
    """Finds the landmarks of one stream of images."""

    def detect(self, image_rgb: npt.NDArray[np.uint8], stamp_ns: int) -> LandmarkFrame:
        """The landmarks of the stream's next image, (H, W, 3) uint8 RGB; a frame also when nothing
        is seen. A stamp that lies before the last one begins a new stream."""
        ...

    def close(self) -> None:
        """Release MediaPipe's graph."""
        ...


def make_detector(config: DetectorConfig) -> Detector:
    """The detector that a configuration names.

    Raises:
        ValueError: the solution is neither 'hands' nor 'holistic'.
    """
    detectors: dict[str, type[_SolutionDetector]] = {
        'hands': HandsDetector,
        'holistic': HolisticDetector,
    }
    if config.solution not in detectors:
        raise ValueError(f'solution: {config.solution!r}, allowed are {sorted(detectors)}')
    return detectors[config.solution](config)


class _SolutionDetector:
    """What both solutions share: the graph's life and the jump back in time."""

    def __init__(self, config: DetectorConfig) -> None:
        self._config = config
        self._solutions = _import_solutions()
        self._graph = self._open()
        # The first image loads the networks; the user's first image shall not wait for that.
        self._graph.process(np.zeros((64, 64, 3), np.uint8))
        self._last_ns: int | None = None

    def detect(self, image_rgb: npt.NDArray[np.uint8], stamp_ns: int) -> LandmarkFrame:
        if self._last_ns is not None and stamp_ns < self._last_ns:
            self._graph.reset()
        self._last_ns = stamp_ns
        height, width = image_rgb.shape[:2]
        points = self._points(self._graph.process(image_rgb), height / width)
        return LandmarkFrame(stamp_ns, (width, height), points, self._config.mirrored)

    def close(self) -> None:
        self._graph.close()

    def _open(self) -> Any:
        raise NotImplementedError

    def _points(self, result: Any, aspect: float) -> Points:
        raise NotImplementedError


class HandsDetector(_SolutionDetector):
    """MediaPipe Hands, two hands at most, tracked from image to image."""

    def _open(self) -> Any:
        return self._solutions.hands.Hands(
            static_image_mode=False,
            max_num_hands=MAX_HANDS,
            model_complexity=self._config.model_complexity,
            min_detection_confidence=self._config.min_detection_confidence,
            min_tracking_confidence=self._config.min_tracking_confidence,
        )

    def _points(self, result: Any, aspect: float) -> Points:
        if not result.multi_hand_landmarks:
            return empty_points()
        hands = [_to_array(each.landmark, aspect) for each in result.multi_hand_landmarks]
        sides = [each.classification[0] for each in result.multi_handedness]
        # MediaPipe names the hand for a mirror image; in any other it is the person's other hand.
        is_right = [(side.label == 'Right') == self._config.mirrored for side in sides]
        return place_hands(hands, is_right, [side.score for side in sides])


class HolisticDetector(_SolutionDetector):
    """MediaPipe Holistic: one person's body and both hands."""

    def _open(self) -> Any:
        return self._solutions.holistic.Holistic(
            static_image_mode=False,
            model_complexity=_BODY_MODEL_COMPLEXITY,
            min_detection_confidence=self._config.min_detection_confidence,
            min_tracking_confidence=self._config.min_tracking_confidence,
        )

    def _points(self, result: Any, aspect: float) -> Points:
        points = empty_points()
        parts = (
            (LEFT_HAND, result.left_hand_landmarks),
            (RIGHT_HAND, result.right_hand_landmarks),
            (POSE, result.pose_landmarks),
        )
        for part, landmarks in parts:
            if landmarks:
                points[part] = _to_array(landmarks.landmark, aspect)
        # Holistic takes every image for a camera's: in a mirror image it sees the person's twin.
        return points[OPPOSITE_SIDE] if self._config.mirrored else points


def place_hands(
    hands: Sequence[Points], is_right: Sequence[bool], scores: Sequence[float]
) -> Points:
    """Give each detected hand its place in the layout.

    MediaPipe now and then returns more hands than asked for, one hand twice, or two hands of one
    side. The surest come first; a hand whose place is taken gets the other place, unless it is
    the same hand again.

    Args:
        hands: (21, 3) float32 each, any number of them.
        is_right: whether each is the person's right hand.
        scores: certainty of each hand's side, 0 to 1.

    Returns:
        (75, 3) float32, NaN for what was not detected.
    """
    points = empty_points()
    for index in sorted(range(len(hands)), key=lambda i: -scores[i]):
        hand = hands[index]
        own, other = (RIGHT_HAND, LEFT_HAND) if is_right[index] else (LEFT_HAND, RIGHT_HAND)
        taken = [part for part in (own, other) if np.isfinite(points[part]).any()]
        if any(_same_hand(points[part], hand) for part in taken):
            continue
        if own not in taken:
            points[own] = hand
        elif other not in taken:
            points[other] = hand
    return points


def _same_hand(one: Points, other: Points) -> bool:
    length = np.linalg.norm(one[9] - one[0])
    return bool(np.linalg.norm(one[0] - other[0]) < _SAME_HAND_SHARE * length)


def _to_array(landmarks: Any, aspect: float) -> Points:
    """MediaPipe's normalised landmarks in image widths: y, a share of the height, is rescaled."""
    return np.array([(p.x, p.y * aspect, p.z) for p in landmarks], np.float32)
