"""Features of the literature's models as Keras layers: they become part of the exported graph.

Each layer reads raw landmarks (B, T, 75, 3) with NaN where nothing was seen, T fixed or not, and
gives (B, T, features) float32 without NaN, within +-8. None of them learns: what the originals
standardise with figures of their data, often of each file by itself, is standardised by a
BatchNormalization behind them, which knows the training clips alone.

A gap is filled on a straight line, each hand and the body by itself. What was never seen is 0, and
flags say so.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from sign_recognition.landmarks import HAND_NAMES, LEFT_HAND, POSE, POSE_NAMES, RIGHT_HAND
from sign_recognition.training.preprocess import frame_size, gap_filler, mean_where

_HANDS = (LEFT_HAND, RIGHT_HAND)
_FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')
_TIPS = tuple(HAND_NAMES.index(f'{finger}_tip') for finger in _FINGERS)
# Joints (before, at, behind) of the bends of each finger.
_BENDS = tuple(
    (0 if joint == base else joint - 1, joint, joint + 1)
    for base in (1, 5, 9, 13, 17)
    for joint in range(base, base + 3)
)


def _pose(*names: str) -> tuple[int, ...]:
    return tuple(POSE.start + POSE_NAMES.index(name) for name in names)


_SHOULDERS = _pose('left_shoulder', 'right_shoulder')
_ARMS = (*_SHOULDERS, *_pose('left_elbow', 'right_elbow', 'left_wrist', 'right_wrist'))
_HEAD = _pose('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
# A hand that crosses the image in a second moves by 1/24 of it per frame: 1 is a brisk move.
_BRISK = 25.0
# Shoulders are about as far apart as four palms are long.
_PALMS_PER_SHOULDERS = 4.0
# SPOTER leaves a margin around a hand.
_HAND_BOX_MARGIN = 1.2
_LIMIT = 8.0
_TINY = 1e-6


@keras.saving.register_keras_serializable('sign_recognition')
class FrameDifferences(keras.layers.Layer):  # type: ignore[misc]
    """How far each point moved since the frame before: left hand 63, right hand 63, body 99.

    Exact under a shift. A hand that comes into view has not moved: originals that put 0 for what is
    missing see it jump across the image.
    """

    def call(self, landmarks: Any) -> Any:
        points, known, _ = _fill_gaps(landmarks)
        both = ops.minimum(known[:, 1:], known[:, :-1])
        moved = _flat((points[:, 1:] - points[:, :-1]) * both)
        return _bounded(_BRISK * ops.pad(moved, ((0, 0), (1, 0), (0, 0))))


@keras.saving.register_keras_serializable('sign_recognition')
class BodyCoordinates(keras.layers.Layer):  # type: ignore[misc]
    """All points as seen from the shoulders (225), and which of the three parts were seen (3).

    The middle of the shoulders is the origin, their distance the unit; where the tracker gives no
    body, place and size of the hands stand in for it. Exact under a shift and a scaling.
    """

    def call(self, landmarks: Any) -> Any:
        points, known, seen = _fill_gaps(landmarks)
        return _bounded(
            ops.concatenate([_flat(_from_shoulders(points, known, seen)), seen], axis=-1)
        )


@keras.saving.register_keras_serializable('sign_recognition')
class HandShapes(keras.layers.Layer):  # type: ignore[misc]
    """What one frame shows of the hands, and how fast they are (199).

    Which parts were seen (3); the hands (126) and arms (18) as seen from the shoulders; of each
    hand the cosines of the fingers' bends (15), the palm's normal (3), the palm's velocity (3) and
    the fingertips' speeds (5). Exact under a shift and a scaling.
    """

    SEEN_HANDS = slice(0, 2)

    def call(self, landmarks: Any) -> Any:
        points, known, seen = _fill_gaps(landmarks)
        body = _from_shoulders(points, known, seen)
        parts = [seen, _flat(body[:, :, : POSE.start]), _flat(ops.take(body, _ARMS, axis=2))]
        for part in _HANDS:
            hand, is_known = body[:, :, part], known[:, :, part.start]
            tips = ops.take(hand, _TIPS, axis=2)
            palm_velocity = _velocity(ops.mean(hand, axis=2, keepdims=True))
            parts += [
                _bend_cosines(hand) * is_known,
                _palm_normal(hand) * is_known,
                _flat(palm_velocity) * is_known,
                _length(_velocity(tips))[..., 0] * is_known,
            ]
        return _bounded(ops.concatenate(parts, axis=-1))


@keras.saving.register_keras_serializable('sign_recognition')
class SpoterCoordinates(keras.layers.Layer):  # type: ignore[misc]
    """SPOTER's 54 joints in the image (108), and which of the three parts were seen (3).

    Head, neck and arms in units of the shoulders; each hand in its own square, from -0.5 to 0.5
    without the margin. Exact under a shift and a scaling.
    """

    def call(self, landmarks: Any) -> Any:
        points, known, seen = _fill_gaps(landmarks)
        body = _from_shoulders(points, known, seen)
        neck = ops.mean(ops.take(body, _SHOULDERS, axis=2), axis=2, keepdims=True)
        joints = ops.concatenate([ops.take(body, _HEAD + _ARMS, axis=2), neck], axis=2)
        parts = [_flat(joints[..., :2])]
        for part in _HANDS:
            parts.append(_flat(_in_own_square(points[:, :, part, :2]) * known[:, :, part]))
        return _bounded(ops.concatenate([*parts, seen], axis=-1))


def _fill_gaps(landmarks: Any) -> tuple[Any, Any, Any]:
    """Points without NaN, what is known of them, and what was seen.

    Returns:
        points (B, T, 75, 3), 0 where not known; known (B, T, 75, 1), 1.0 for a point that was seen
        in this frame, or in those around it; seen (B, T, 3), 1.0 where the part was in this frame.
    """
    missing = ops.isnan(landmarks)
    # tf2onnx keeps NaN out of this only if the condition is isnan itself: see preprocess.
    points = ops.where(missing, 0.0, landmarks)
    known = 1.0 - ops.cast(ops.any(missing, axis=-1, keepdims=True), 'float32')
    filled, sure, seen = [], [], []
    for part in (LEFT_HAND, RIGHT_HAND, POSE):
        part_seen = ops.max(known[:, :, part], axis=2)
        weights, _ = gap_filler(part_seen)
        filled.append(_mix(weights, points[:, :, part]))
        sure.append(_mix(weights, known[:, :, part]))
        seen.append(part_seen)
    # Between a frame with a point and one without it lies no knowledge of it.
    known = ops.cast(ops.concatenate(sure, axis=2) > 0.999, 'float32')
    return ops.concatenate(filled, axis=2) * known, known, ops.concatenate(seen, axis=-1)


def _mix(weights: Any, values: Any) -> Any:
    """(B, T, T) weights of each frame in each frame, on (B, T, points, C)."""
    points, channels = values.shape[2:]
    mixed = ops.matmul(weights, _flat(values))
    return ops.reshape(mixed, (-1, ops.shape(values)[1], points, channels))


def _from_shoulders(points: Any, known: Any, seen: Any) -> Any:
    """(B, T, 75, 3) in units of the shoulders' distance, from their middle; 0 where not known."""
    shoulders = ops.take(points, _SHOULDERS, axis=2)
    has_body = ops.min(ops.take(known, _SHOULDERS, axis=2), axis=2)
    # A gap is filled to both ends of the window: a body is known in each frame, or in none.
    has_body = ops.min(has_body, axis=1, keepdims=True)
    place, palm_size = _hands(points, known, seen)
    distance = _length(shoulders[:, :, 0, :2] - shoulders[:, :, 1, :2])
    unit = has_body * ops.mean(distance, axis=1, keepdims=True)
    unit = unit + (1 - has_body) * _PALMS_PER_SHOULDERS * palm_size
    origin = has_body * ops.mean(shoulders, axis=2) + (1 - has_body) * place
    unit = ops.maximum(unit, _TINY)[..., None]
    return (points - origin[:, :, None]) / unit * known


def _hands(points: Any, known: Any, seen: Any) -> tuple[Any, Any]:
    """(B, 1, 3) mean place of the seen hands, and (B, 1, 1) their mean size."""
    places, sizes, flags = [], [], []
    for number, part in enumerate(_HANDS):
        flags.append(seen[:, :, number : number + 1])
        places.append(ops.mean(points[:, :, part], axis=2))
        sizes.append(frame_size(points[:, :, part])[..., None])
    flag = ops.concatenate(flags, axis=1)
    place = mean_where(ops.concatenate(places, axis=1), flag)
    return place, mean_where(ops.concatenate(sizes, axis=1), flag)


def _in_own_square(hand: Any) -> Any:
    """(B, T, 21, 2) from the middle of the hand's box, in units of its longer side."""
    high, low = ops.max(hand, axis=2, keepdims=True), ops.min(hand, axis=2, keepdims=True)
    side = _HAND_BOX_MARGIN * ops.max(high - low, axis=-1, keepdims=True)
    return (hand - (high + low) / 2) / ops.maximum(side, _TINY)


def _bend_cosines(hand: Any) -> Any:
    """(B, T, 15) 1 for a stretched joint. The angle itself has no operation in TFLite."""
    before, at, behind = (ops.take(hand, joints, axis=2) for joints in zip(*_BENDS, strict=True))
    return ops.sum(_direction(at - before) * _direction(behind - at), axis=-1)


def _palm_normal(hand: Any) -> Any:
    """(B, T, 3) of length 1, from the wrist and the bases of index and little finger."""
    index, little = hand[:, :, 5] - hand[:, :, 0], hand[:, :, 17] - hand[:, :, 0]
    x, y, z = (index[..., axis : axis + 1] for axis in range(3))
    u, v, w = (little[..., axis : axis + 1] for axis in range(3))
    return _direction(ops.concatenate([y * w - z * v, z * u - x * w, x * v - y * u], axis=-1))


def _velocity(points: Any) -> Any:
    """(B, T, points, 3) movement since the frame before; 0 in the first."""
    return _BRISK * ops.pad(points[:, 1:] - points[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))


def _length(vectors: Any) -> Any:
    return ops.sqrt(ops.sum(vectors**2, axis=-1, keepdims=True) + 1e-12)


def _direction(vectors: Any) -> Any:
    return vectors / ops.maximum(_length(vectors), 1e-5)


def _flat(points: Any) -> Any:
    """(B, T, points, C) to (B, T, points * C)."""
    count, channels = points.shape[2:]
    return ops.reshape(points, (-1, ops.shape(points)[1], count * channels))


def _bounded(features: Any) -> Any:
    return ops.clip(features, -_LIMIT, _LIMIT)
