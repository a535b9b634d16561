"""Normalisation and features as Keras layers: they become part of the exported graph.

Everything here is exact under a shift and a scaling of the image, and reads raw landmarks with NaN
where nothing was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from sign_recognition.landmarks import PALM_JOINTS

_TIPS = (4, 8, 12, 16, 20)
# Ends of the palm's bones: wrist to the knuckles of index, middle and little finger, and across.
_BONE_ENDS = ((0, 0, 0, 5), (5, 9, 17, 17))
# Below this share of frames with both hands, two slots hold one hand that changes its name: the
# tracker takes the back of a left hand for the palm of a right one.
_TWO_HANDS_SHARE = 0.1
# MediaPipe's z is a guess that is about half as good as x and y.
_Z_WEIGHT = 0.5
# Frames of a gap after which it counts as long.
_LONG_GAP_FRAMES = 12.0
_FEATURE_LIMIT = 8.0
_TINY = 1e-6


@keras.saving.register_keras_serializable('sign_recognition')
class ChooseHand(keras.layers.Layer):  # type: ignore[misc]
    """From raw landmarks to the hand that gestures, its gaps filled, and the other hand.

    The hand that is seen more and moves more leads. Gaps are filled on a straight line between the
    frames around them, for a webcam loses exactly the fast part of a swipe.

    Call:
        landmarks: (B, T, 75, 3) float32 in any isotropic unit, NaN for not seen.

    Returns:
        hand (B, T, 21, 3) without NaN, hand_seen (B, T, 1), gap (B, T, 1) frames to the nearest
        seen frame, other palm (B, T, 2), other_seen (B, T, 1), size (B, 1, 1, 1) of the hand.
    """

    def call(self, landmarks: Any) -> tuple[Any, ...]:
        left, left_seen = split_seen(landmarks[:, :, 0:21])
        right, right_seen = split_seen(landmarks[:, :, 21:42])
        right_leads = ops.cast(
            _liveliness(right, right_seen) >= _liveliness(left, left_seen), 'float32'
        )
        lead, other = _blend(right_leads, right, left), _blend(right_leads, left, right)
        lead_seen = _blend(right_leads, right_seen, left_seen)
        other_seen = _blend(right_leads, left_seen, right_seen)
        two_hands = ops.mean(lead_seen * other_seen, axis=1, keepdims=True) >= _TWO_HANDS_SHARE
        two_hands = ops.cast(two_hands, 'float32')
        borrowed = other_seen * (1 - lead_seen) * (1 - two_hands)
        lead = lead + other * borrowed[..., None]
        lead_seen = lead_seen + borrowed
        size = _hand_size(lead, lead_seen)
        fill, gap = gap_filler(lead_seen)
        return (
            _apply(fill, lead), lead_seen, gap, _palm(other), other_seen * two_hands, size,
        )  # fmt: skip


@keras.saving.register_keras_serializable('sign_recognition')
class HandFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Features per frame of what ChooseHand gives: path, speed, shape, size, and what is missing.

    Returns:
        (B, T, features) float32 without NaN, within +-8.
    """

    def call(self, chosen: tuple[Any, ...]) -> Any:
        hand, seen, gap, other_palm, other_seen, size = chosen
        flat_size = size[..., 0]
        palm = _palm(hand)
        path = (palm - mean_where(palm, seen)) / flat_size
        from_now = (palm - palm[:, -1:]) / flat_size
        shape = (hand - ops.mean(ops.take(hand, PALM_JOINTS, axis=2), axis=2, keepdims=True)) / size
        spread = _tip_distances(shape)
        log_size = ops.log(frame_size(hand)[..., None] / flat_size + _TINY)
        any_seen = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
        other = (other_palm - palm) / flat_size
        features = ops.concatenate(
            [
                path,
                from_now,
                4 * change(path, 1),
                2 * change(path, 4),
                _flat_shape(shape),
                4 * change(_flat_shape(ops.take(shape, _TIPS, axis=2)), 2),
                spread,
                4 * change(spread, 2),
                ops.clip(log_size, -2, 2),
                2 * change(ops.clip(log_size, -2, 2), 4),
                seen,
                ops.minimum(gap / _LONG_GAP_FRAMES, 1.0),
                other * other_seen,
                2 * change(other_palm / flat_size, 2) * other_seen,
                other_seen,
            ],
            axis=-1,
        )
        return ops.clip(features * any_seen, -_FEATURE_LIMIT, _FEATURE_LIMIT)


@keras.saving.register_keras_serializable('sign_recognition')
class HandCoordinates(keras.layers.Layer):  # type: ignore[misc]
    """What ChooseHand gives, as it is: joints as seen from the window's mean palm, in hand sizes.

    Returns:
        (B, T, 65) float32 without NaN, within +-8: 63 coordinates, seen, and how long unseen.
    """

    def call(self, chosen: tuple[Any, ...]) -> Any:
        hand, seen, gap, _, _, size = chosen
        origin = mean_where(_palm(hand), seen)
        origin = ops.pad(origin, ((0, 0), (0, 0), (0, 1)))[:, :, None]
        any_seen = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
        features = ops.concatenate(
            [_flat_shape((hand - origin) / size), seen, ops.minimum(gap / _LONG_GAP_FRAMES, 1.0)],
            axis=-1,
        )
        return ops.clip(features * any_seen, -_FEATURE_LIMIT, _FEATURE_LIMIT)


def split_seen(hand: Any) -> tuple[Any, Any]:
    """Zeros for a hand of which any number is NaN, and (B, T, 1) 1.0 where it was seen."""
    missing = ops.isnan(hand)
    # A sum is NaN where any of its numbers is.
    seen = 1.0 - ops.cast(ops.isnan(ops.sum(hand, axis=(2, 3))), 'float32')
    # tf2onnx makes a real Where of this only if the condition is isnan itself; else it multiplies
    # with 0, and NaN stays NaN (tf2onnx onnx_opset/controlflow.py, handles_nan).
    return ops.where(missing, 0.0, hand) * seen[..., None, None], seen[..., None]


def _blend(share: Any, one: Any, other: Any) -> Any:
    """`one` where share (B, 1) is 1, `other` where it is 0."""
    share = ops.reshape(share, (-1,) + (1,) * (len(one.shape) - 1))
    return share * one + (1 - share) * other


def _palm(hand: Any) -> Any:
    """(B, T, 2) the palm's middle in the image."""
    return ops.mean(ops.take(hand, PALM_JOINTS, axis=2), axis=2)[..., :2]


def mean_where(values: Any, seen: Any) -> Any:
    """(B, 1, C) mean over the seen frames; 0 where there are none."""
    count = ops.maximum(ops.sum(seen, axis=1, keepdims=True), 1.0)
    return ops.sum(values * seen, axis=1, keepdims=True) / count


def frame_size(hand: Any) -> Any:
    """(B, T) the longest of the palm's bones in the image: tilting shortens some, seldom all."""
    one, other = (ops.take(hand[..., :2], ends, axis=2) for ends in _BONE_ENDS)
    return ops.sqrt(ops.max(ops.sum(ops.square(one - other), axis=-1), axis=-1) + 1e-12)


def _hand_size(hand: Any, seen: Any) -> Any:
    """(B, 1, 1, 1) mean size over the seen frames, 1 where the hand was never seen."""
    size = mean_where(frame_size(hand)[..., None], seen)
    return ops.where(size > _TINY, size, 1.0)[..., None]


def _liveliness(hand: Any, seen: Any) -> Any:
    """(B, 1) how much a hand is seen (0 to 1) and how much it moves, in hand sizes."""
    flat = ops.reshape(hand[..., :2], (-1, hand.shape[1], 42))
    variance = mean_where((flat - mean_where(flat, seen)) ** 2, seen)
    size = _hand_size(hand, seen)[:, 0, 0]
    spread = ops.sqrt(ops.mean(variance, axis=-1) + 1e-12) / size
    return ops.mean(seen, axis=1) + 2 * ops.minimum(spread, 1.0)


def gap_filler(seen: Any) -> tuple[Any, Any]:
    """A matrix that fills unseen frames from seen ones on a straight line.

    Args:
        seen: (B, T, 1) 1.0 where the hand was seen; T need not be known.

    Returns:
        (B, T, T) weights of each frame in each filled frame, and (B, T, 1) frames to the nearest
        seen frame (T where there is none).
    """
    index = ops.arange(ops.shape(seen)[1], dtype='float32')
    frames = ops.cast(ops.shape(seen)[1], 'float32')
    earlier = ops.cast(index[None, :] <= index[:, None], 'float32')
    later = ops.cast(index[None, :] >= index[:, None], 'float32')
    is_seen = seen[:, None, :, 0]
    last = ops.max(is_seen * earlier * (index + 1), axis=-1, keepdims=True) - 1
    coming = frames - ops.max(is_seen * later * (frames - index), axis=-1, keepdims=True)
    back, ahead = index[:, None] - last, coming - index[:, None]
    no_last, no_coming = ops.cast(last < 0, 'float32'), ops.cast(coming >= frames, 'float32')
    share = back / ops.maximum(back + ahead, 1.0)
    share = no_last + (1 - no_last) * (1 - no_coming) * share
    weights = (1 - share) * _one_hot(last, index) + share * _one_hot(coming, index)
    gap = ops.minimum(back + no_last * frames, ahead + no_coming * frames)
    return weights, gap


def _one_hot(place: Any, index: Any) -> Any:
    """(B, T, T) float32; a place outside the window gives zeros."""
    return ops.cast(ops.abs(place - index) < 0.5, 'float32')


def _apply(weights: Any, hand: Any) -> Any:
    frames = hand.shape[1]
    flat = ops.matmul(weights, ops.reshape(hand, (-1, frames, 63)))
    return ops.reshape(flat, (-1, frames, 21, 3))


def _tip_distances(shape: Any) -> Any:
    """(B, T, 9) fingertips to the wrist (5) and to the thumb's tip (4), in the image."""
    tips, wrist = ops.take(shape, _TIPS, axis=2)[..., :2], shape[:, :, :1, :2]
    pairs = ops.concatenate([tips - wrist, tips[:, :, 1:] - tips[:, :, :1]], axis=2)
    return ops.sqrt(ops.sum(pairs**2, axis=-1) + 1e-8)


def joint_distances(hand: Any, joints: Sequence[int]) -> Any:
    """(B, T, pairs) distance between any two of some joints of a hand (B, T, 21, 3)."""
    first, second = np.triu_indices(len(joints), 1)
    chosen = np.eye(21, dtype=np.float32)[[*joints]]
    apart = ops.matmul(chosen[first] - chosen[second], hand)
    return ops.sqrt(ops.sum(apart**2, axis=-1) + 1e-6)


def _flat_shape(shape: Any) -> Any:
    weighted = shape * np.array((1, 1, _Z_WEIGHT), np.float32)
    return ops.reshape(weighted, (-1, shape.shape[1], shape.shape[2] * 3))


def change(values: Any, frames: int) -> Any:
    """(B, T, C) difference to `frames` frames before; 0 at the beginning."""
    return ops.pad(values[:, frames:] - values[:, :-frames], ((0, 0), (frames, 0), (0, 0)))
