"""Two LSTM layers on frame differences, as students' projects on Kaggle asl-signs build them.

Its variant with one layer of 100 is build(..., units=(100,)). The originals fit a scaler to each
file by itself, in training and in use, so that the same movement reads differently from clip to
clip, and split clips at random, so that a signer is on both sides. Here one normalisation is
learned from the training clips and is part of the model; splits are by signer.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import batch_norm, landmark_input, outputs
from sign_recognition.training.literature_features import FrameDifferences

NAME = 'lstm'


def build(
    window_frames: int, classes: int, units: Sequence[int] = (50, 50), dropout: float = 0.2
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        units: of each LSTM layer.
        dropout: share of what each layer gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`; the embedding is the last layer's.
    """
    landmarks = landmark_input(window_frames)
    x = FrameDifferences(name='features')(landmarks)
    x = batch_norm(name='standardise')(x)
    for number, width in enumerate(units):
        x = layers.LSTM(width, return_sequences=number + 1 < len(units))(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(landmarks, outputs(x, classes), name=NAME)
