"""Where a hand goes and what its fingers do meanwhile: for whole clips, in metres or in an image.

Distances between the hand's joints, and how they change, do not depend on where the hand is or how
it is turned (joint-collection distances: Yang et al., DD-Net, 2019); the palm's path, its normal
and the coordinates of the joints about it say the rest. Motion is taken at two speeds, as there.
Depthwise 1D convolutions and one attention layer read them (hoyso48, Kaggle asl-signs, 2023).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sign_recognition.landmarks import PALM_JOINTS
from sign_recognition.training.blocks import AddPosition, batch_norm, landmark_input
from sign_recognition.training.preprocess import (
    ChooseHand,
    change,
    joint_distances,
    mean_where,
)

NAME = 'path_and_shape'

# Joints whose distances are taken: all 210 of the hand were measured to be worse than these 55.
_DISTANT = (0, 2, 4, 5, 8, 9, 12, 13, 16, 17, 20)
_LIMIT = 8.0
_TINY = 1e-6


def build(
    window_frames: int,
    classes: int,
    width: int = 128,
    blocks: int = 4,
    heads: int = 4,
    dropout: float = 0.4,
    stride: int = 2,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T), a multiple of stride.
        classes: number of labels.
        width: channels.
        blocks: convolution blocks.
        heads: attention heads; divides width.
        dropout: share of the embedding dropped in training.
        stride: so many frames become one, their mean, which trembles less.

    Returns:
        A model as in the description of `architectures`.

    Raises:
        ValueError: window_frames is no multiple of stride.
    """
    if window_frames % stride:
        raise ValueError(f'window_frames: {window_frames}, allowed are multiples of {stride}')
    landmarks = landmark_input(window_frames)
    hand = MeanOfFrames(stride, name='calm')(ChooseHand(name='choose_hand')(landmarks)[:2])
    x = PathAndShape(name='features')(hand)
    x = layers.SpatialDropout1D(0.1)(batch_norm(name='standardise')(x))
    x = layers.Dense(width, name='stem')(x)
    x = layers.SeparableConv1D(width, 5, padding='same', name='neighbours')(x)
    x = AddPosition(name='position')(x)
    for block in range(blocks):
        x = _convolution_block(x, width, name=f'block{block}')
        if block == blocks // 2:
            x = _attention_block(x, width, heads)
    x = layers.LayerNormalization(name='pool_norm')(x)
    embedding = layers.Concatenate(name='embedding')(
        [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    )
    dense = layers.Dense(classes, activation='softmax', name='probabilities')
    probabilities = dense(layers.Dropout(dropout)(embedding))
    return keras.Model(
        landmarks, {'probabilities': probabilities, 'embedding': embedding}, name=NAME
    )


@keras.saving.register_keras_serializable('sign_recognition')
class MeanOfFrames(layers.Layer):  # type: ignore[misc]
    """Neighbouring frames become one: (B, T, 21, 3) and seen (B, T, 1) to T / stride frames.

    Args:
        stride: how many.
    """

    def __init__(self, stride: int, **options: Any) -> None:
        super().__init__(**options)
        self.stride = stride

    def call(self, chosen: tuple[Any, Any]) -> tuple[Any, Any]:
        hand, seen = chosen
        frames = hand.shape[1] // self.stride
        return (
            ops.mean(ops.reshape(hand, (-1, frames, self.stride, 21, 3)), axis=2),
            ops.max(ops.reshape(seen, (-1, frames, self.stride, 1)), axis=2),
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), 'stride': self.stride}


@keras.saving.register_keras_serializable('sign_recognition')
class PathAndShape(layers.Layer):  # type: ignore[misc]
    """Features per frame, exact under a shift and a scaling.

    Call:
        hand (B, T, 21, 3) without NaN, and seen (B, T, 1).

    Returns:
        (B, T, 255) float32 without NaN, within +-8; 0 where the hand was never seen.
    """

    def call(self, chosen: tuple[Any, Any]) -> Any:
        hand, seen = chosen
        palm = ops.mean(ops.take(hand, PALM_JOINTS, axis=2), axis=2)
        size = _palm_length(hand, seen)
        path = (palm - mean_where(palm, seen)) / size
        shape = (hand - palm[:, :, None]) / size[..., None]
        flat = ops.reshape(shape, (-1, hand.shape[1], 63))
        distances = joint_distances(shape, _DISTANT)
        normal = _palm_normal(shape)
        features = ops.concatenate(
            [
                path,
                (palm - palm[:, :1]) / size,
                4 * change(path, 1),
                2 * change(path, 4),
                flat,
                3 * change(flat, 2),
                distances,
                3 * change(distances, 4),
                normal,
                2 * change(normal, 4),
                seen,
            ],
            axis=-1,
        )
        any_seen = ops.cast(ops.max(seen, axis=1, keepdims=True) > 0, 'float32')
        return ops.clip(features * any_seen, -_LIMIT, _LIMIT)


def _palm_length(hand: Any, seen: Any) -> Any:
    """(B, 1, 1) mean distance from the wrist to the middle finger's base; 1 where unseen."""
    length = ops.sqrt(ops.sum((hand[:, :, 9] - hand[:, :, 0]) ** 2, axis=-1, keepdims=True) + 1e-12)
    mean = mean_where(length, seen)
    return ops.where(mean > _TINY, mean, 1.0)


def _palm_normal(shape: Any) -> Any:
    """(B, T, 3) of length 1, out of the palm's triangle of wrist, index and little finger."""
    one, other = shape[:, :, 5] - shape[:, :, 0], shape[:, :, 17] - shape[:, :, 0]
    normal = ops.stack(
        [
            one[..., 1] * other[..., 2] - one[..., 2] * other[..., 1],
            one[..., 2] * other[..., 0] - one[..., 0] * other[..., 2],
            one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0],
        ],
        axis=-1,
    )
    length = ops.sqrt(ops.sum(normal**2, axis=-1, keepdims=True) + 1e-12)
    return normal / (length + _TINY)


def _convolution_block(x: Any, width: int, name: str) -> Any:
    y = layers.DepthwiseConv1D(7, padding='same', use_bias=False, name=f'{name}_depthwise')(x)
    y = batch_norm(name=f'{name}_norm')(y)
    y = layers.Dense(2 * width, activation='swish', name=f'{name}_widen')(y)
    y = layers.Dense(width, name=f'{name}_narrow')(y)
    return layers.Add()([x, layers.Dropout(0.15)(y)])


def _attention_block(x: Any, width: int, heads: int) -> Any:
    normed = layers.LayerNormalization(name='attention_norm')(x)
    attention = layers.MultiHeadAttention(heads, width // heads, dropout=0.1, name='attention')
    return layers.Add()([x, layers.Dropout(0.15)(attention(normed, normed))])
