"""Signs of the whole body: conv_attention's pattern on hands and body.

With `twins` a window and its mirror twin go through one network, and their mean answers; so
left-handed signers and mirrored recordings are no matter. In training each goes alone, at half the
cost.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sign_recognition.training.blocks import landmark_input
from sign_recognition.training.body_features import BodyFeatures, MeanOfTwins, MirrorTwins

NAME = 'body_attention'
_POOLS = 4


def build(
    window_frames: int,
    classes: int,
    width: int = 96,
    blocks: int = 3,
    heads: int = 4,
    dropout: float = 0.4,
    twins: bool = False,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T); even.
        classes: number of labels.
        width: channels.
        blocks: convolution blocks before the attention, at half the window's rate.
        heads: attention heads; divides width.
        dropout: share of the embedding dropped in training.
        twins: a window and its mirror twin are read, for signs that mean the same with either hand;
            an ensemble may do that for all its members.

    Returns:
        A model with input `landmarks` (B, T, 75, 3) and a dictionary of outputs: `probabilities`
        (B, classes) and `embedding` (B, 2 width).
    """
    landmarks = landmark_input(window_frames)
    seen = MirrorTwins(name='twins')(landmarks) if twins else landmarks
    x = BodyFeatures(name='body_features')(seen)
    x = layers.BatchNormalization(momentum=0.95, name='standardise')(x)
    # Whole features go missing: no one of them may be relied on.
    x = layers.Dropout(0.1, noise_shape=(None, 1, x.shape[-1]))(x)
    x = layers.Dense(width, name='stem')(x)
    x = layers.AveragePooling1D(2, name='halve')(x)
    for block in range(blocks):
        x = _convolution_block(x, width, name=f'block{block}')
    x = _attention(x, width, heads)
    x = layers.LayerNormalization(name='pool_norm')(_convolution_block(x, width, name='last'))
    x = layers.Dense(2 * width, activation='swish', name='join')(_pool(x))
    embedding = (MeanOfTwins if twins else layers.Identity)(name='embedding')(x)
    x = layers.Dropout(dropout)(embedding)
    probabilities = layers.Dense(classes, activation='softmax', name='probabilities')(x)
    return keras.Model(
        landmarks, {'probabilities': probabilities, 'embedding': embedding}, name=NAME
    )


def _convolution_block(x: Any, width: int, name: str) -> Any:
    skip = x
    x = layers.DepthwiseConv1D(7, padding='same', use_bias=False, name=f'{name}_depthwise')(x)
    x = layers.BatchNormalization(momentum=0.95, name=f'{name}_norm')(x)
    x = layers.Dense(2 * width, activation='swish', name=f'{name}_widen')(x)
    x = layers.Dense(width, name=f'{name}_narrow')(x)
    return layers.Add()([skip, layers.Dropout(0.15)(x)])


def _attention(x: Any, width: int, heads: int) -> Any:
    normed = layers.LayerNormalization(name='attention_norm')(x)
    attend = layers.MultiHeadAttention(heads, width // heads, dropout=0.1, name='attention')
    return layers.Add()([x, attend(normed, normed)])


def _pool(x: Any) -> Any:
    """Weighted means over the window, each with weights of its own, and the highest values."""
    weights = layers.Softmax(axis=1, name='pool_weights')(layers.Dense(_POOLS, name='pools')(x))
    means = [ops.sum(x * weights[..., i : i + 1], axis=1) for i in range(_POOLS)]
    return ops.concatenate([*means, ops.max(x, axis=1)], axis=-1)
