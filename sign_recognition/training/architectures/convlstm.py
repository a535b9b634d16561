"""Four ConvLSTM2D layers (Shi et al. 2015, arXiv 1506.04214), 8-8-16-20, on image clips.

With batch normalisation, pooling within each image, and dense layers 64-32, as tutorials on
activity recognition build it. Their random split has clips of one recording on both sides; here
recordings and signers stay on one.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import UnitRange, batch_norm, image_input, outputs, per_frame

NAME = 'convlstm'


def build(
    window_frames: int,
    classes: int,
    height: int = 64,
    width: int = 64,
    filters: Sequence[int] = (8, 8, 16, 20),
    dense: Sequence[int] = (64, 32),
    dropout: float = 0.2,
) -> keras.Model:
    """The model from clips to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        height: of the images, pixels.
        width: of the images, pixels.
        filters: channels of the ConvLSTM2D layers.
        dense: widths of the dense layers; the last is the embedding.
        dropout: share of what each pooling gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    images = image_input(window_frames, height, width)
    x = UnitRange(name='features')(images)
    for count in filters:
        x = layers.ConvLSTM2D(count, 3, padding='same', return_sequences=True)(x)
        x = batch_norm()(x)
        # The pooling of the original is MaxPooling3D (1, 2, 2), which is this.
        x = per_frame(x, layers.MaxPooling2D(2, padding='same'), layers.Dropout(dropout))
    x = layers.Flatten()(x)
    for count in dense:
        x = layers.Dense(count, activation='relu')(x)
    return keras.Model(images, outputs(x, classes), name=NAME)
