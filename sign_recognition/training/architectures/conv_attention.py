"""A small temporal network: depthwise convolutions, one attention layer, two ways of pooling.

The pattern (1D depthwise blocks, then attention, on landmark features) is that of the winner of
Kaggle's Isolated Sign Language Recognition (hoyso48, 2023), made small.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sign_recognition.landmarks import POINT_COUNT
from sign_recognition.training.preprocess import ChooseHand, HandFeatures

NAME = 'conv_attention'


def build(
    window_frames: int,
    classes: int,
    width: int = 80,
    blocks: int = 4,
    heads: int = 4,
    dropout: float = 0.3,
    norm_momentum: float = 0.99,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        width: channels.
        blocks: convolution blocks, at half the window's rate.
        heads: attention heads; divides width.
        dropout: share of the embedding dropped in training.
        norm_momentum: of the batch normalisations; a run of a few hundred steps needs 0.9.

    Returns:
        A model with input `landmarks` (B, T, 75, 3) and a dictionary of outputs: `probabilities`
        (B, classes) and `embedding` (B, 2 width).
    """
    landmarks = keras.Input((window_frames, POINT_COUNT, 3), name='landmarks')
    x = HandFeatures(name='features')(ChooseHand(name='choose_hand')(landmarks))
    x = layers.BatchNormalization(momentum=norm_momentum, name='standardise')(x)
    x = layers.Dense(width, name='stem')(x)
    x = layers.SeparableConv1D(width, 5, strides=2, padding='same', name='halve')(x)
    x = _AddPosition(name='position')(x)
    for block in range(blocks):
        x = _convolution_block(x, width, norm_momentum, name=f'block{block}')
    x = _attention_block(x, width, heads)
    embedding = _pool(x)
    x = layers.Dropout(dropout)(embedding)
    probabilities = layers.Dense(classes, activation='softmax', name='probabilities')(x)
    return keras.Model(
        landmarks, {'probabilities': probabilities, 'embedding': embedding}, name=NAME
    )


@keras.saving.register_keras_serializable('sign_recognition')
class _AddPosition(layers.Layer):  # type: ignore[misc]
    """Adds what the network learns of a frame's age: a gesture counts while it is fresh."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.position = self.add_weight(shape=shape[1:], initializer='zeros', name='position')

    def call(self, x: Any) -> Any:
        return x + self.position


def _convolution_block(x: Any, width: int, norm_momentum: float, name: str) -> Any:
    skip = x
    x = layers.DepthwiseConv1D(5, padding='same', use_bias=False, name=f'{name}_depthwise')(x)
    x = layers.BatchNormalization(momentum=norm_momentum, name=f'{name}_norm')(x)
    x = layers.Dense(2 * width, activation='relu', name=f'{name}_widen')(x)
    x = layers.Dense(width, name=f'{name}_narrow')(x)
    return layers.Add()([skip, layers.Dropout(0.1)(x)])


def _attention_block(x: Any, width: int, heads: int) -> Any:
    normed = layers.LayerNormalization(name='attention_norm')(x)
    attended = layers.MultiHeadAttention(heads, width // heads, dropout=0.1, name='attention')(
        normed, normed
    )
    return layers.LayerNormalization(name='pool_norm')(layers.Add()([x, attended]))


def _pool(x: Any) -> Any:
    """A weighted mean over the window, and the newest steps alone."""
    weights = layers.Softmax(axis=1, name='pool_weights')(layers.Dense(1, name='pool_scores')(x))
    whole = ops.sum(x * weights, axis=1)
    newest = layers.GlobalAveragePooling1D(name='pool_newest')(x[:, -4:])
    return layers.Concatenate(name='embedding')([whole, newest])
