"""A 1D-CNN that names a super-class on its way to the class, as projects on WLASL build it.

Conv1D 64-128-256 and a maximum over time; the super-class goes into the choice of the class; both
have a loss, 0.3 and 0.7. The original takes super-classes and classes from two encoders, which mix
labels where one of them sees other clips; here one list tells the super-class of each class.

A maximum over the whole clip forgets what came first, and three convolutions see seven frames.
Maxima over parts of the clip as well (pyramids over time: Pirsiavash and Ramanan, 'Detecting
activities of daily living in first-person camera views', 2012) and the velocities of the points
are options of ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from sign_recognition.training.blocks import (
    batch_norm,
    convolutions,
    landmark_input,
    with_motion,
)
from sign_recognition.training.literature_features import BodyCoordinates

NAME = 'hierarchical_cnn'
SUPER_OUTPUT = 'super_probabilities'


def build(
    window_frames: int,
    classes: int,
    super_classes: Sequence[int] | None = None,
    widths: Sequence[int] = (64, 128, 256),
    dense: int = 128,
    dropout: float = 0.4,
    parts: int = 1,
    motion: Sequence[int] = (),
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels.
        super_classes: (classes,) number of each class's super-class; without it each class is its
            own, and the first head only guides.
        widths: channels of the convolutions.
        dense: width of the embedding, before the super-class joins it.
        dropout: share of the pooled features dropped in training.
        parts: above 1 the maxima over so many equal parts of the window join those over all of it.
        motion: how each feature has changed over so many frames is read beside it.

    Returns:
        A model as in the description of `architectures`, with `super_probabilities`
        (B, super-classes) for training.

    Raises:
        ValueError: super_classes is not as long as there are classes, or parts is no number of
            parts, or motion of frames, that a window has; motion takes its oldest frames.
    """
    members = _members(classes, super_classes)
    landmarks = landmark_input(window_frames)
    x = BodyCoordinates(name='features')(landmarks)
    x = batch_norm(name='standardise')(with_motion(x, motion))
    x = convolutions(x, widths)
    x = layers.Dropout(dropout)(_maxima(x, parts))
    coarse = layers.Dense(members.shape[1], activation='softmax', name=SUPER_OUTPUT)(x)
    fine = layers.Dense(dense, activation='relu')(x)
    embedding = layers.Concatenate(name='embedding')([fine, coarse])
    probabilities = layers.Dense(classes, activation='softmax', name='probabilities')(embedding)
    return keras.Model(
        landmarks,
        {'probabilities': probabilities, 'embedding': embedding, SUPER_OUTPUT: coarse},
        name=NAME,
    )


def _maxima(x: Any, parts: int) -> Any:
    """Over all frames of (B, T, C), and with parts above 1 over each of them: (B, C or more)."""
    if not 1 <= parts < x.shape[1]:
        raise ValueError(f'parts: {parts}, allowed are 1 to {x.shape[1] - 1}')
    whole = layers.GlobalMaxPooling1D(name='pool')(x)
    if parts == 1:
        return whole
    ends = [x.shape[1] * part // parts for part in range(parts + 1)]
    of_parts = [layers.GlobalMaxPooling1D()(x[:, a:b]) for a, b in itertools.pairwise(ends)]
    return layers.Concatenate(name='pyramid')([whole, *of_parts])


def losses(
    label_smoothing: float, super_classes: Sequence[int] | None = None, **_: Any
) -> dict[str, tuple[keras.losses.Loss, float]]:
    """The losses of both heads and their weights; the truth of both is the one-hot class."""
    return {
        'probabilities': (
            keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing), 0.7,
        ),
        SUPER_OUTPUT: (SuperClassLoss(super_classes, label_smoothing), 0.3),
    }  # fmt: skip


@keras.saving.register_keras_serializable('sign_recognition')
class SuperClassLoss(keras.losses.Loss):  # type: ignore[misc]
    """Cross entropy of the super-class to which the true class belongs."""

    def __init__(
        self,
        super_classes: Sequence[int] | None = None,
        label_smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.super_classes = super_classes
        self.label_smoothing = label_smoothing

    def call(self, truth: Any, probabilities: Any) -> Any:
        members = _members(truth.shape[-1], self.super_classes)
        return keras.losses.categorical_crossentropy(
            ops.matmul(truth, members), probabilities, label_smoothing=self.label_smoothing
        )

    def get_config(self) -> dict[str, Any]:
        own = {'super_classes': self.super_classes, 'label_smoothing': self.label_smoothing}
        return {**super().get_config(), **own}


def _members(classes: int, super_classes: Sequence[int] | None) -> Any:
    """(classes, super-classes) float32, 1 where a class belongs to a super-class."""
    numbers = range(classes) if super_classes is None else super_classes
    if len(numbers) != classes:
        raise ValueError(
            f'super_classes: {len(numbers)} of them, allowed is one for each of {classes} classes'
        )
    return np.eye(max(numbers) + 1, dtype=np.float32)[list(numbers)]
