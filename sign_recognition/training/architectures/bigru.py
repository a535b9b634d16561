"""Two bidirectional GRU layers of 100 and a dense layer, on frame differences.

A design of students' projects on Kaggle asl-signs. Scaler and split as in `lstm`.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import batch_norm, landmark_input, outputs
from sign_recognition.training.literature_features import FrameDifferences

NAME = 'bigru'


def build(
    window_frames: int,
    classes: int,
    units: Sequence[int] = (100, 100),
    dense: int = 100,
    dropout: float = 0.3,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        units: of each layer and direction.
        dense: width of the embedding.
        dropout: share of what each layer gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    landmarks = landmark_input(window_frames)
    x = FrameDifferences(name='features')(landmarks)
    x = batch_norm(name='standardise')(x)
    for number, width in enumerate(units):
        x = layers.Bidirectional(layers.GRU(width, return_sequences=number + 1 < len(units)))(x)
        x = layers.Dropout(dropout)(x)
    x = layers.Dense(dense, activation='relu')(x)
    return keras.Model(landmarks, outputs(x, classes), name=NAME)
