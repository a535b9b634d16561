"""Layers and blocks that several architectures are built of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import layers, ops

from sign_recognition.landmarks import POINT_COUNT
from sign_recognition.training.preprocess import change


def all_layers(model: keras.Model) -> Iterator[layers.Layer]:
    """The layers of a model, and those of the models in it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)


def landmark_input(window_frames: int | None) -> Any:
    """Raw landmarks (B, T, 75, 3) float32, NaN for missing."""
    return keras.Input((window_frames, POINT_COUNT, 3), name='landmarks')


def image_input(window_frames: int, height: int, width: int) -> Any:
    """Clips (B, T, H, W, 3) uint8 RGB."""
    return keras.Input((window_frames, height, width, 3), dtype='uint8', name='images')


def outputs(embedding: Any, classes: int) -> dict[str, Any]:
    """The contract's outputs from an embedding (B, D)."""
    embedding = layers.Activation('linear', name='embedding')(embedding)
    probabilities = layers.Dense(classes, activation='softmax', name='probabilities')(embedding)
    return {'probabilities': probabilities, 'embedding': embedding}


def batch_norm(name: str | None = None) -> layers.Layer:
    """Batch normalisation that is right after some tens of steps.

    With the momentum of Keras, 0.99, a run of a few hundred steps ends with means and variances
    that still remember how they were initialised, and its network is at a loss outside training.
    """
    return layers.BatchNormalization(momentum=0.9, name=name)


def convolutions(x: Any, widths: Sequence[int]) -> Any:
    """Convolutions over three frames of x (B, T, C), one for each width, normalised, with ReLU."""
    for width in widths:
        x = layers.Conv1D(width, 3, padding='same', use_bias=False)(x)
        x = layers.Activation('relu')(batch_norm()(x))
    return x


def with_motion(x: Any, frames: Sequence[int]) -> Any:
    """Features and, before them, how each has changed over some numbers of frames.

    Motion over one frame and over several is of DD-Net (Yang et al. 2019, 'Make Skeleton-based
    Action Recognition Model Smaller, Faster and Better').

    Args:
        x: (B, T, C) features.
        frames: over how many frames the change is told, once for each; none: x stays as it is.

    Returns:
        (B, T - the largest of frames, C * (1 + len(frames))); the oldest have no change to tell.

    Raises:
        ValueError: x has no change over one of frames.
    """
    if not frames:
        return x
    length = x.shape[1]
    wrong = [each for each in frames if not 1 <= each < length]
    if wrong:
        raise ValueError(f'motion: {wrong[0]}, allowed are 1 to {length - 1}')
    first = max(frames)
    changes = [change(x, each)[:, first:] for each in frames]
    return layers.Concatenate(name='motion')([*changes, x[:, first:]])


@keras.saving.register_keras_serializable('sign_recognition')
class UnitRange(layers.Layer):  # type: ignore[misc]
    """Pixels from 0..255 to 0..1."""

    def __init__(self, **options: Any) -> None:
        # Otherwise Keras turns the bytes into floats on their way in, and TFLite sees other input.
        super().__init__(autocast=False, **options)

    def call(self, images: Any) -> Any:
        return ops.cast(images, 'float32') / 255.0


@keras.saving.register_keras_serializable('sign_recognition')
class AddPosition(layers.Layer):  # type: ignore[misc]
    """Adds to each frame what the network learns of its place in the window."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.position = self.add_weight(
            shape=shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name='position',
        )

    def call(self, x: Any) -> Any:
        return x + self.position


@keras.saving.register_keras_serializable('sign_recognition')
class Query(layers.Layer):  # type: ignore[misc]
    """(B, 1, width) the same learned vector for each clip of x (B, T, width)."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.query = self.add_weight(
            shape=(1, 1, shape[-1]), initializer='glorot_uniform', name='query'
        )

    def call(self, x: Any) -> Any:
        return ops.zeros_like(x[:, :1]) + self.query


def attend(x: Any, memory: Any, heads: int, dropout: float) -> Any:
    """x (B, N, width) takes from memory (B, M, width); sum, then norm, as Vaswani et al. 2017."""
    attention = layers.MultiHeadAttention(heads, x.shape[-1] // heads, dropout=dropout)
    taken = layers.Dropout(dropout)(attention(x, memory))
    return layers.LayerNormalization()(layers.Add()([x, taken]))


def feed_forward(x: Any, width: int, dropout: float) -> Any:
    """Two dense layers on each frame of x (B, N, D); sum, then norm."""
    y = layers.Dropout(dropout)(layers.Dense(width, activation='relu')(x))
    y = layers.Dropout(dropout)(layers.Dense(x.shape[-1])(y))
    return layers.LayerNormalization()(layers.Add()([x, y]))


def per_frame(images: Any, *chain: layers.Layer) -> Any:
    """2D layers on each frame of images (B, T, H, W, C).

    As TimeDistributed, but all frames at once, and TFLite knows the pooling: it has none in 3D.
    """
    x = ops.reshape(images, (-1, *images.shape[2:]))
    for layer in chain:
        x = layer(x)
    return ops.reshape(x, (-1, images.shape[1], *x.shape[1:]))
