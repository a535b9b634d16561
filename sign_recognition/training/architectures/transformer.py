"""A plain transformer encoder (Vaswani et al. 2017, arXiv 1706.03762) on frame differences.

Scaler and split as in `lstm`.
"""

from __future__ import annotations

import keras
from keras import layers

from sign_recognition.training.blocks import (
    AddPosition,
    attend,
    batch_norm,
    feed_forward,
    landmark_input,
    outputs,
)
from sign_recognition.training.literature_features import FrameDifferences

NAME = 'transformer'


def build(
    window_frames: int,
    classes: int,
    width: int = 96,
    blocks: int = 2,
    heads: int = 4,
    hidden: int = 192,
    dropout: float = 0.2,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        width: channels, and of the embedding.
        blocks: encoder layers.
        heads: attention heads; divides width.
        hidden: width between the dense layers of a block.
        dropout: share of what each part gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    landmarks = landmark_input(window_frames)
    x = FrameDifferences(name='features')(landmarks)
    x = batch_norm(name='standardise')(x)
    x = AddPosition(name='position')(layers.Dense(width, name='stem')(x))
    for _ in range(blocks):
        x = feed_forward(attend(x, x, heads, dropout), hidden, dropout)
    x = layers.GlobalAveragePooling1D(name='pool')(x)
    return keras.Model(landmarks, outputs(x, classes), name=NAME)
