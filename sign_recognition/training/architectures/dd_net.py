"""DD-Net, the network with two features and two motions (Yang et al. 2019, arXiv:1907.09658).

It reads the distances between all joints of a hand, which do not depend on where it is or how it is
turned, and how its joints move: from frame to frame, and from every second frame to the next. Each
is embedded by itself, then convolutions read all three. The published code reads SHREC'17's 22
joints in metres: here the palm's middle is left out, which other trackers do not have, and lengths
are hand sizes, so that one network serves metres and images. A window has one movement less than
frames: the published code stretches them to the window, here the first frame has none.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sign_recognition.training.blocks import batch_norm, landmark_input, outputs
from sign_recognition.training.preprocess import (
    ChooseHand,
    change,
    joint_distances,
    mean_where,
)

NAME = 'dd_net'

_JOINTS = 21
_LIMIT = 8.0


def build(
    window_frames: int,
    classes: int,
    filters: int = 64,
    dense: int = 128,
    dropout: float = 0.5,
) -> keras.Model:
    """The model from raw landmarks to probabilities. The defaults are the paper's.

    Args:
        window_frames: frames in the window (T): even, for a motion of every second frame is read
            beside that of all, and 8 or more, for the rate is halved three times.
        classes: number of labels.
        filters: channels of the embeddings; the last convolutions have eight times as many. The
            paper's small network has 16.
        dense: width of the embedding.
        dropout: share of each of the two last layers that is dropped in training.

    Returns:
        A model as in the description of `architectures`.

    Raises:
        ValueError: window_frames is odd, or less than 8.
    """
    if window_frames % 2 or window_frames < 8:
        raise ValueError(f'window_frames: {window_frames}, allowed are even numbers from 8 on')
    landmarks = landmark_input(window_frames)
    joints = Joints(name='features')(ChooseHand(name='choose_hand')(landmarks))
    hand = ops.reshape(joints, (-1, window_frames, _JOINTS, 3))
    x = layers.Concatenate(name='distances_and_motions')(
        [
            _embed(joint_distances(hand, range(_JOINTS)), filters, halve=True),
            _embed(change(joints, 1), filters, halve=True),
            _embed(change(joints[:, ::2], 1), filters, halve=False),
        ]
    )
    for widen, halve in ((2, True), (4, True), (8, False)):
        x = _convolution(_convolution(x, widen * filters, 3), widen * filters, 3)
        x = layers.SpatialDropout1D(0.1)(layers.MaxPooling1D(2)(x) if halve else x)
    x = layers.GlobalMaxPooling1D(name='pool')(x)
    for _ in range(2):
        x = _normed(layers.Dense(dense, use_bias=False)(x))
        x = layers.Dropout(dropout)(x)
    return keras.Model(landmarks, outputs(x, classes), name=NAME)


@keras.saving.register_keras_serializable('sign_recognition')
class Joints(layers.Layer):  # type: ignore[misc]
    """The hand that ChooseHand gives, z in full, as seen from its mean place in the window.

    Returns:
        (B, T, 63) float32 without NaN, within +-8, in hand sizes; 0 where it was never seen.
    """

    def call(self, chosen: tuple[Any, ...]) -> Any:
        hand, seen, size = chosen[0], chosen[1], chosen[-1]
        middle = mean_where(ops.mean(hand, axis=2), seen)
        joints = ops.clip((hand - middle[:, :, None]) / size, -_LIMIT, _LIMIT)
        return ops.reshape(joints, (-1, hand.shape[1], _JOINTS * 3))


def _embed(x: Any, filters: int, *, halve: bool) -> Any:
    """A feature or a motion alone, at the rate of the slower motion."""
    for width, frames in ((2 * filters, 1), (filters, 3)):
        x = layers.SpatialDropout1D(0.1)(_convolution(x, width, frames))
    x = _convolution(x, filters, 1)
    return layers.SpatialDropout1D(0.1)(layers.MaxPooling1D(2)(x) if halve else x)


def _convolution(x: Any, width: int, frames: int) -> Any:
    return _normed(layers.Conv1D(width, frames, padding='same', use_bias=False)(x))


def _normed(x: Any) -> Any:
    return layers.LeakyReLU(negative_slope=0.2)(batch_norm()(x))
