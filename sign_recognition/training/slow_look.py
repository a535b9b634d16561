"""A second look at twice the time, for gestures that are done slowly.

A + that is drawn at half the speed lasts longer than the window. Of twice the time at half the rate
a network sees it as fast as the gestures that it knows, and names it without having learned more
(two rates of one video: SlowFast, Feichtenhofer et al. 2019; here with the same weights). To such a
look a hand that is slowly brought into place is a stroke, too, and what is long over has just been.
So it speaks for some labels alone, and as far as the first look is sure of no gesture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from sign_recognition.classifier import OUTPUT_NAME
from sign_recognition.decision import NONE_LABEL
from sign_recognition.training.architectures.ensemble import output_name
from sign_recognition.training.blocks import landmark_input


@dataclass(frozen=True)
class SlowLook:
    """What the second look is of, and what it says.

    Attributes:
        labels: for which it speaks.
        share: of the answer that it has where the first look is sure of no gesture, above 0 and
            below 1.
        member: number of the ensemble's member that looks; None: the whole model does.

    Raises:
        ValueError: share is not as described, or there are no labels.
    """

    labels: Sequence[str]
    share: float
    member: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f'share: {self.share}, allowed is above 0 and below 1')
        if isinstance(self.labels, str) or not self.labels:
            raise ValueError(f'labels: {self.labels!r}, allowed are one or more of the model')

    @property
    def output(self) -> str:
        """What the second look is read from."""
        return OUTPUT_NAME if self.member is None else output_name(self.member, OUTPUT_NAME)

    def check_model(self, model: keras.Model) -> None:
        """Refuse a model that cannot look so, also one that has not learned yet.

        Raises:
            ValueError: it has no such member.
        """
        if self.output not in model.output:
            raise ValueError(f'slow_look: member: {self.member}, the model has none of that number')

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse to speak for what is no gesture of a model.

        Raises:
            ValueError: one of the labels is not among those of the model, or is `none`.
        """
        gestures = [label for label in labels if label != NONE_LABEL]
        if unknown := sorted(set(self.labels) - set(gestures)):
            raise ValueError(f'labels: {unknown}, allowed are {tuple(gestures)}')


def look_twice(model: keras.Model, labels: Sequence[str], slow: SlowLook) -> keras.Model:
    """A model of windows twice as long, whose newest half `model` sees as before.

    Args:
        model: of `architectures`, on landmarks and the labels.
        labels: in the order of its probabilities.
        slow: the second look, at every second frame.

    Returns:
        A model of the same outputs, all but `probabilities` those of the first look.

    Raises:
        ValueError: the model has no such member, or no such labels.
    """
    slow.check_labels(labels)
    slow.check_model(model)
    frames = model.input.shape[1]
    landmarks = landmark_input(2 * frames)
    told = model(landmarks[:, frames:])
    slowly = keras.Model(model.input, model.output[slow.output])
    spoken = np.array([label in slow.labels for label in labels], np.float32)
    gestures = np.array([label != NONE_LABEL for label in labels], np.float32)
    unsure = 1 - ops.max(told[OUTPUT_NAME] * gestures, axis=-1, keepdims=True)
    votes = slow.share * unsure * spoken * slowly(landmarks[:, 1::2])
    rest = 1 - ops.sum(votes, axis=-1, keepdims=True)
    mixed = {**told, OUTPUT_NAME: told[OUTPUT_NAME] * rest + votes}
    return keras.Model(landmarks, mixed, name=model.name)
