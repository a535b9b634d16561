"""Labels as probable as they are where a model is used, and not as they were in its training.

Streams of training show a swipe up four times as often as a rotation, and users do not; clips of
footage without a sign abound, and whoever shows a clip shows a sign. The correction is that of
Saerens et al. 2002, 'Adjusting the outputs of a classifier to new a priori probabilities'.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from sign_recognition.classifier import FINE_OUTPUT_NAME, OUTPUT_NAME


def check_odds(odds: Mapping[str, float], labels: Sequence[str]) -> None:
    """Refuse what `weigh` cannot follow.

    Raises:
        ValueError: there is no such label, or a factor is no positive number.
    """
    if not isinstance(odds, Mapping):
        raise ValueError(f'odds: {odds!r}, allowed is a factor for each of some labels')
    for label, factor in odds.items():
        is_factor = isinstance(factor, (int, float)) and 0 < factor < math.inf
        if label not in labels or not is_factor:
            raise ValueError(f'odds: {label}: {factor}, allowed are labels and numbers above 0')


def check_model_odds(model: keras.Model, labels: Sequence[str], odds: Mapping[str, float]) -> None:
    """Refuse odds that a model cannot have, also one that has not learned yet.

    Raises:
        ValueError: the odds are not as `check_odds` allows them, or the model tells finer labels,
            which would contradict the labels.
    """
    check_odds(odds, labels)
    if odds and FINE_OUTPUT_NAME in model.output:
        raise ValueError(f'odds: {dict(odds)}, allowed are none for a model of finer labels')


def weigh(model: keras.Model, labels: Sequence[str], odds: Mapping[str, float]) -> keras.Model:
    """A model whose probabilities are multiplied by the odds of their labels, and sum to one again.

    Args:
        model: of `architectures`, on the labels.
        labels: in the order of its probabilities.
        odds: label to the factor of its probability; 1 where none is given.

    Raises:
        ValueError: as `check_model_odds`.
    """
    check_model_odds(model, labels, odds)
    if not odds:
        return model
    factors = np.array([odds.get(label, 1.0) for label in labels], np.float32)
    weighed = model.output[OUTPUT_NAME] * factors
    total = ops.sum(weighed, axis=-1, keepdims=True)
    return keras.Model(model.input, {**model.output, OUTPUT_NAME: weighed / total}, name=model.name)
