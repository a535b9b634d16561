"""Signs of the whole body: convolutions on hands and body, and their maxima over the window.

hierarchical_cnn's network on the features of body_attention. A maximum forgets in which order the
pieces of a sign came. That is no loss: maxima over parts of the window named no more signs of
people whom the network never saw (model card of asl8_signs).
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import batch_norm, convolutions, landmark_input, outputs
from sign_recognition.training.body_features import BodyFeatures

NAME = 'body_maxima'


def build(
    window_frames: int,
    classes: int,
    widths: Sequence[int] = (96, 192, 256),
    dense: int = 128,
    dropout: float = 0.4,
    feature_dropout: float = 0.1,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        widths: channels of the convolutions.
        dense: width of the embedding.
        dropout: share of the maxima dropped in training; of the embedding, half of it.
        feature_dropout: share of the features that are dropped for a whole window in training.

    Returns:
        A model as in the description of `architectures`.
    """
    landmarks = landmark_input(window_frames)
    x = BodyFeatures(name='features')(landmarks)
    x = batch_norm(name='standardise')(x)
    # Whole features go missing: no one of them may be relied on.
    x = layers.Dropout(feature_dropout, noise_shape=(None, 1, x.shape[-1]))(x)
    x = convolutions(x, widths)
    x = layers.Dropout(dropout)(layers.GlobalMaxPooling1D(name='pool')(x))
    x = layers.Dense(dense, activation='relu')(x)
    return keras.Model(landmarks, outputs(layers.Dropout(dropout / 2)(x), classes), name=NAME)
