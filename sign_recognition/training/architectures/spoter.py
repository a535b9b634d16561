"""SPOTER, the pose transformer with a class query (Bohacek and Hruz, WACVW 2022, pages 182-191).

54 joints in body and hand coordinates; an encoder over the frames; a decoder in which one learned
query asks the frames, and has no other query to attend to. The published code adds the same
position vector to every frame, which tells no order: here each frame has its own. It clips the
body's box at the edges of the picture, so that the same sign reads differently there, and writes 0
for a place and for nothing seen: neither is so here.
"""

from __future__ import annotations

import keras
from keras import layers

from sign_recognition.training.blocks import (
    AddPosition,
    Query,
    attend,
    feed_forward,
    landmark_input,
    outputs,
)
from sign_recognition.training.literature_features import SpoterCoordinates

NAME = 'spoter'


def build(
    window_frames: int,
    classes: int,
    width: int = 108,
    blocks: int = 6,
    heads: int = 9,
    hidden: int = 2048,
    dropout: float = 0.1,
) -> keras.Model:
    """The model from raw landmarks to probabilities. The defaults are the paper's.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        width: channels, and of the embedding.
        blocks: layers of the encoder, and of the decoder.
        heads: attention heads; divides width.
        hidden: width between the dense layers of a block.
        dropout: share of what each part gives that is dropped in training.

    Returns:
        A model as in the description of `architectures`.
    """
    landmarks = landmark_input(window_frames)
    x = SpoterCoordinates(name='features')(landmarks)
    # The paper's joints are the channels; three flags of what was seen come to them here.
    x = AddPosition(name='position')(layers.Dense(width, name='stem')(x))
    for _ in range(blocks):
        x = feed_forward(attend(x, x, heads, dropout), hidden, dropout)
    query = Query(name='class_query')(x)
    for _ in range(blocks):
        query = feed_forward(attend(query, x, heads, dropout), hidden, dropout)
    return keras.Model(landmarks, outputs(layers.Flatten()(query), classes), name=NAME)
