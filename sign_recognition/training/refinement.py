"""More passes of training for people that clips do not show, without forgetting those they do.

A network that goes on learning with other people among its own finds these, and others less well.
Half-way between its weights before and after it does nearly as well at both (Wortsman et al. 2022,
'Robust fine-tuning of zero-shot models', who call it WiSE-FT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sign_recognition.training.blocks import all_layers
from sign_recognition.training.settings import POSITIVE, SHARE, Kind, check, whole_number

_KINDS: Mapping[str, Kind] = {
    'epochs': whole_number(1),
    'learning_rate': POSITIVE,
    'scripted_share': SHARE,
    'weight': SHARE,
}

Weights = Sequence[npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Refinement:
    """How a trained model of streams goes on.

    Attributes:
        epochs: passes more.
        learning_rate: highest rate of their cosine schedule.
        scripted_share: of the invented streams, the share in which nobody's clips are performed,
            but the script of the rendered signer; by other people than users are shown.
        weight: of the weights after these passes; those before have the rest.

    Raises:
        ConfigError: an attribute is not as allowed; names it.
    """

    epochs: int
    learning_rate: float
    scripted_share: float
    weight: float

    def __post_init__(self) -> None:
        check(self, _KINDS)

    @classmethod
    def read(cls, values: Any) -> Refinement:
        """From an entry of a YAML file.

        Raises:
            ValueError: an attribute is missing, unknown or not as allowed.
        """
        if not isinstance(values, Mapping) or {*values} != {*_KINDS}:
            raise ValueError(f'{values!r}, allowed are {", ".join(_KINDS)}')
        return cls(**values)

    def mean(self, before: Weights, after: Weights) -> list[npt.NDArray[np.float32]]:
        """The weights with which the model is left."""
        return [old + self.weight * (new - old) for old, new in zip(before, after, strict=True)]


def keep_normalisations(model: keras.Model) -> None:
    """Let batch normalisations stay as they are, or weights before and after have no mean."""
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
