"""Short movements, wherever they are in the window, and lately: convolutions and their maxima.

A maximum over time asks whether a piece of movement was seen at all, and carries over to other
people better than what knows the order of a whole gesture; maxima over the newest part of the
window alone say that it has just been.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from sign_recognition.training.blocks import landmark_input, outputs, with_motion
from sign_recognition.training.preprocess import ChooseHand, HandCoordinates, HandFeatures

NAME = 'conv_maxima'


def build(
    window_frames: int,
    classes: int,
    widths: Sequence[int] = (64, 128, 256),
    spans: Sequence[float] = (0.2, 0.45, 1.0),
    dense: int = 128,
    dropout: float = 0.4,
    norm_momentum: float = 0.99,
    plain: bool = False,
    motion: Sequence[int] = (),
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        widths: channels of the convolutions; the second one halves the rate.
        spans: shares of the window, all up to its end, of which maxima are taken.
        dense: width of the embedding.
        dropout: share of the maxima dropped in training.
        norm_momentum: of the batch normalisations; a run of a few hundred steps needs 0.9.
        plain: coordinates are read and not what HandFeatures makes of them; as a member beside one
            that reads those it errs at other windows.
        motion: how each feature has changed over so many frames is read beside it; HandFeatures
            tell it already, coordinates do not.

    Returns:
        A model as in the description of `architectures`.

    Raises:
        ValueError: motion is over no frames, or more than a window has.
    """
    landmarks = landmark_input(window_frames)
    features = HandCoordinates if plain else HandFeatures
    x = features(name='features')(ChooseHand(name='choose_hand')(landmarks))
    x = with_motion(x, motion)
    x = layers.BatchNormalization(momentum=norm_momentum, name='standardise')(x)
    for number, width in enumerate(widths):
        strides = 2 if number == 1 else 1
        x = layers.Conv1D(width, 3, strides=strides, padding='same', use_bias=False)(x)
        x = layers.Activation('relu')(layers.BatchNormalization(momentum=norm_momentum)(x))
    newest = [x[:, -max(round(span * x.shape[1]), 1) :] for span in spans]
    maxima = layers.Concatenate()([layers.GlobalMaxPooling1D()(part) for part in newest])
    x = layers.Dropout(dropout)(maxima)
    embedding = layers.Dense(dense, activation='relu')(x)
    return keras.Model(landmarks, outputs(embedding, classes), name=NAME)
