"""LRCN: a 2D-CNN on each image, an LSTM over them (Donahue et al. 2015, arXiv 1411.4389).

Conv2D 16-32-64-64 with batch normalisation, pooling and dropout, and LSTM 32, in the proportions of
the tutorials after it, which shuffle clips of one recording into both sides of their split.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import UnitRange, batch_norm, image_input, outputs, per_frame

NAME = 'lrcn'


def build(
    window_frames: int,
    classes: int,
    height: int = 64,
    width: int = 64,
    filters: Sequence[int] = (16, 32, 64, 64),
    pools: Sequence[int] = (4, 4, 2, 2),
    units: int = 32,
    dropout: float = 0.25,
) -> keras.Model:
    """The model from clips to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        height: of the images, pixels.
        width: of the images, pixels.
        filters: channels of the convolutions.
        pools: by how much each is pooled.
        units: of the LSTM, and width of the embedding.
        dropout: share of what each pooling gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    images = image_input(window_frames, height, width)
    x = UnitRange(name='features')(images)
    for count, pool in zip(filters, pools, strict=True):
        x = per_frame(
            x,
            layers.Conv2D(count, 3, padding='same', activation='relu'),
            batch_norm(),
            layers.MaxPooling2D(pool, padding='same'),
            layers.Dropout(dropout),
        )
    x = per_frame(x, layers.Flatten())
    return keras.Model(images, outputs(layers.LSTM(units)(x), classes), name=NAME)
