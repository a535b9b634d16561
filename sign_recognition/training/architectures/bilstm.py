"""Two bidirectional LSTM layers of 200 and a dense layer with L1 and L2, on frame differences.

A design of students' projects on Kaggle asl-signs. Scaler and split as in `lstm`; the penalties are
1e-5 and 1e-4, for 0.01, the default of Keras, silences the layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, regularizers

from sign_recognition.training.blocks import batch_norm, landmark_input, outputs
from sign_recognition.training.literature_features import FrameDifferences

NAME = 'bilstm'


def build(
    window_frames: int,
    classes: int,
    units: Sequence[int] = (200, 200),
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
        x = layers.Bidirectional(layers.LSTM(width, return_sequences=number + 1 < len(units)))(x)
        x = layers.Dropout(dropout)(x)
    penalty = regularizers.L1L2(l1=1e-5, l2=1e-4)
    x = layers.Dense(dense, activation='relu', kernel_regularizer=penalty)(x)
    return keras.Model(landmarks, outputs(x, classes), name=NAME)
