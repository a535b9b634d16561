"""R(2+1)D: residual network of convolutions in space, then in time.

Tran et al. 2018, arXiv 1711.11248. Each 3D convolution becomes one in the image and one over the
frames, with as many channels between them as keep the number of weights. Narrower and shallower
than the paper's R(2+1)D-18, for two cores; filters=(64, 128, 256, 512), blocks=2 is about that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from sign_recognition.training.blocks import UnitRange, batch_norm, image_input, outputs

NAME = 'r2plus1d'


def build(
    window_frames: int,
    classes: int,
    height: int = 64,
    width: int = 64,
    filters: Sequence[int] = (16, 32, 64),
    blocks: int = 1,
    dropout: float = 0.3,
) -> keras.Model:
    """The model from clips to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        height: of the images, pixels.
        width: of the images, pixels.
        filters: channels of each stage; each but the first halves space and time.
        blocks: residual blocks of a stage.
        dropout: share of the embedding dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    images = image_input(window_frames, height, width)
    x = UnitRange(name='features')(images)
    x = _in_space(x, filters[0], 7, stride=2)
    x = _in_time(x, filters[0], stride=1)
    for stage, count in enumerate(filters):
        for block in range(blocks):
            x = _residual(x, count, stride=2 if stage and not block else 1)
    x = layers.Dropout(dropout)(layers.GlobalAveragePooling3D(name='pool')(x))
    return keras.Model(images, outputs(x, classes), name=NAME)


def _residual(x: Any, count: int, stride: int) -> Any:
    skip = x
    y = _factored(x, count, stride)
    y = _factored(y, count, 1, activation=None)
    if stride > 1 or x.shape[-1] != count:
        skip = layers.Conv3D(count, 1, strides=stride, use_bias=False)(x)
        skip = batch_norm()(skip)
    return layers.Activation('relu')(layers.Add()([skip, y]))


def _factored(x: Any, count: int, stride: int, activation: str | None = 'relu') -> Any:
    """A 3x3x3 convolution as one in space and one in time, of as many weights."""
    between = 27 * x.shape[-1] * count // (9 * x.shape[-1] + 3 * count)
    return _in_time(_in_space(x, between, 3, stride), count, stride, activation)


def _in_space(x: Any, count: int, size: int, stride: int) -> Any:
    return _convolve(x, count, (1, size, size), (1, stride, stride), 'relu')


def _in_time(x: Any, count: int, stride: int, activation: str | None = 'relu') -> Any:
    return _convolve(x, count, (3, 1, 1), (stride, 1, 1), activation)


def _convolve(
    x: Any, count: int, size: tuple[int, ...], strides: tuple[int, ...], activation: str | None
) -> Any:
    x = layers.Conv3D(count, size, strides=strides, padding='same', use_bias=False)(x)
    x = batch_norm()(x)
    return layers.Activation(activation)(x) if activation else x
