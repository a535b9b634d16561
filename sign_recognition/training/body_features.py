"""Features of the whole body as Keras layers: hands, and where they are on the person.

As in `preprocess`: exact under a shift and a scaling of the image, raw landmarks with NaN in.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from sign_recognition.landmarks import (
    LEFT_HAND,
    OPPOSITE_SIDE,
    PALM_JOINTS,
    POSE,
    POSE_NAMES,
    RIGHT_HAND,
)
from sign_recognition.training.preprocess import (
    change,
    frame_size,
    gap_filler,
    mean_where,
    split_seen,
)

# The points of the body that every tracker and data set has, and that a webcam sees.
_BODY = ('nose', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
         'left_wrist', 'right_wrist')  # fmt: skip
_NOSE, _LEFT_SHOULDER, _RIGHT_SHOULDER, _LEFT_WRIST, _RIGHT_WRIST = 0, 1, 2, 5, 6
_INDEX_TIP, _MIDDLE_TIP = 8, 12
# Frames after which a hand that is out of sight is believed to be where it was no more.
_FADE_FRAMES = 8.0
# A palm seen from its edge looks small; the fingers have not grown for that.
_LEAST_SIZE_SHARE = 0.5
_FEATURE_LIMIT = 6.0


def with_twins(landmarks: Any) -> Any:
    """(B, T, 75, 3) and after them their mirror twins: (2 B, T, 75, 3)."""
    flipped = ops.concatenate([1 - landmarks[..., :1], landmarks[..., 1:]], axis=-1)
    twins = ops.take(flipped, OPPOSITE_SIDE.astype(np.int32), axis=2)
    return ops.concatenate([landmarks, twins], axis=0)


@keras.saving.register_keras_serializable('sign_recognition')
class MirrorTwins(keras.layers.Layer):  # type: ignore[misc]
    """A batch and its mirror twins: (B, T, 75, 3) to (2 B, T, 75, 3); in training as it is.

    A sign means the same with either hand. With `MeanOfTwins` the model answers a window and its
    mirror twin alike, by construction.
    """

    def call(self, landmarks: Any, training: bool = False) -> Any:
        if training:
            return landmarks
        return with_twins(landmarks)


@keras.saving.register_keras_serializable('sign_recognition')
class MeanOfTwins(keras.layers.Layer):  # type: ignore[misc]
    """(2 B, D) of `MirrorTwins` to the (B, D) mean of each with its twin; in training as it is."""

    def call(self, both: Any, training: bool = False) -> Any:
        if training:
            return both
        count = ops.shape(both)[0] // 2
        return (both[:count] + both[count:]) / 2


@keras.saving.register_keras_serializable('sign_recognition')
class BodyFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Features per frame of body and hands: places, hand shapes, speeds, and what is missing.

    Places are relative to the middle of the shoulders, in the length that is longer of the
    shoulders' width and the neck, for a turned body has narrow shoulders. Hand shapes are relative
    to the wrist, in hand sizes. z is left out: the versions of MediaPipe differ in it.

    Call:
        landmarks: (B, T, 75, 3) float32 in any isotropic unit, NaN for not seen.

    Returns:
        (B, T, features) float32 without NaN, within +-6.
    """

    def call(self, landmarks: Any) -> Any:
        body, body_seen = _body_points(landmarks)
        shoulders = (body[:, :, _LEFT_SHOULDER] + body[:, :, _RIGHT_SHOULDER]) / 2
        origin, unit = mean_where(shoulders, body_seen), _body_unit(body, shoulders, body_seen)
        place = (body - origin[:, :, None]) / unit[:, :, None]
        features = [_flat(place), body_seen]
        wrists = []
        for part, wrist in ((LEFT_HAND, _LEFT_WRIST), (RIGHT_HAND, _RIGHT_WRIST)):
            hand, seen, trust = _filled_hand(landmarks[:, :, part])
            in_hand = _hand_features(hand, seen)
            on_body = _hand_places(hand, body[:, :, _NOSE], shoulders, origin, unit)
            arm = place[:, :, wrist]
            features += [
                ops.concatenate([in_hand, on_body], axis=-1) * trust,
                seen,
                trust,
                3 * change(arm, 1),
                2 * change(arm, 3),
                arm - place[:, :, _NOSE],
            ]
            wrists.append(((hand[:, :, 0] - origin) / unit, trust))
        (left, left_trust), (right, right_trust) = wrists
        both = left_trust * right_trust
        features += [(left - right) * both, both]
        return ops.clip(ops.concatenate(features, axis=-1), -_FEATURE_LIMIT, _FEATURE_LIMIT)


def _body_points(landmarks: Any) -> tuple[Any, Any]:
    """(B, T, 7, 2) places in the image with gaps filled, and (B, T, 1) 1.0 where all were seen."""
    indices = [POSE.start + POSE_NAMES.index(name) for name in _BODY]
    body, seen = split_seen(ops.take(landmarks, indices, axis=2)[..., :2])
    return _fill(gap_filler(seen)[0], body), seen


def _body_unit(body: Any, shoulders: Any, seen: Any) -> Any:
    """(B, 1, 1) the person's size in the image; 1 where no body was seen."""
    width = _length(body[:, :, _LEFT_SHOULDER] - body[:, :, _RIGHT_SHOULDER])
    neck = _length(body[:, :, _NOSE] - shoulders)
    unit = ops.maximum(mean_where(width, seen), mean_where(neck, seen))
    ever = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
    return unit * ever + (1 - ever)


def _filled_hand(hand: Any) -> tuple[Any, Any, Any]:
    """(B, T, 21, 2) in the image with gaps filled, (B, T, 1) where seen, and how far to trust."""
    hand, seen = split_seen(hand[..., :2])
    fill, gap = gap_filler(seen)
    ever = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
    return _fill(fill, hand), seen, ever * (1 - ops.minimum(gap / _FADE_FRAMES, 1.0))


def _hand_features(hand: Any, seen: Any) -> Any:
    """Shape of a hand, its change, and distances between its fingertips."""
    size = frame_size(hand)[..., None]
    usual = mean_where(size, seen)
    ever = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
    size = ops.maximum(size, _LEAST_SIZE_SHARE * (usual * ever + (1 - ever)))
    shape = (hand[:, :, 1:] - hand[:, :, :1]) / size[..., None]
    tips = shape[:, :, 3::4]
    distances = [
        _length(tips[:, :, 1:] - tips[:, :, :-1])[..., 0],
        _length(tips[:, :, 1:] - tips[:, :, :1])[..., 0],
        _length(tips)[..., 0],
    ]
    return ops.concatenate([_flat(shape), *distances, 2 * change(_flat(shape), 2)], axis=-1)


def _hand_places(hand: Any, nose: Any, shoulders: Any, origin: Any, unit: Any) -> Any:
    """Where a hand is on the person, and how it moves."""
    wrist = (hand[:, :, 0] - origin) / unit
    finger = ((hand[:, :, _INDEX_TIP] + hand[:, :, _MIDDLE_TIP]) / 2 - nose) / unit
    palm = (ops.mean(ops.take(hand, PALM_JOINTS, axis=2), axis=2) - shoulders) / unit
    moves = [3 * change(wrist, 1), 2 * change(wrist, 3), 2 * change(finger, 2)]
    return ops.concatenate([wrist, finger, palm, *moves], axis=-1)


def _fill(weights: Any, points: Any) -> Any:
    """Points (B, T, P, 2) at each frame from those of the frames that saw them."""
    return ops.reshape(ops.matmul(weights, _flat(points)), (-1, *points.shape[1:]))


def _flat(points: Any) -> Any:
    return ops.reshape(points, (-1, points.shape[1], points.shape[2] * points.shape[3]))


def _length(vectors: Any) -> Any:
    return ops.sqrt(ops.sum(vectors**2, axis=-1, keepdims=True) + 1e-8)
