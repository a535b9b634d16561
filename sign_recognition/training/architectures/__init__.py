"""The architectures, each a module with NAME and build(), and sometimes losses().

build(window_frames, classes, **options) gives a Keras model from raw input to a dictionary of
outputs. The input is `landmarks` (B, T, 75, 3) float32 with NaN for missing, or `images`
(B, T, H, W, 3) uint8 RGB. Outputs are `probabilities` (B, classes) and `embedding` (B, D), and
for training alone whatever else has a loss. Nothing up to the layer named `features` learns, where
there is one.

Where training takes more than the cross entropy of `probabilities`, the module has
losses(label_smoothing, **options): output name to (loss, weight). The truth of each of these
outputs is the same one-hot (B, classes); of those whose names begin with fine_, the finer label.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class ArchitectureError(ValueError):
    """There is no architecture of that name."""


@dataclass(frozen=True)
class Architecture:
    """One architecture.

    Attributes:
        name: its module here.
        build: as in this package's description.
        losses: (label_smoothing, **options) to a mapping from output to (loss, weight).
    """

    name: str
    build: Callable[..., Any]
    losses: Callable[..., Mapping[str, tuple[Any, float]]]


def names() -> tuple[str, ...]:
    """All architectures, in the order of the alphabet."""
    return tuple(sorted(each.name for each in pkgutil.iter_modules(__path__)))


def find(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        ArchitectureError: there is none; names those that there are.
    """
    if name not in names():
        raise ArchitectureError(f'architecture: {name!r}, known are {", ".join(names())}')
    module = importlib.import_module(f'{__name__}.{name}')
    return Architecture(name, module.build, getattr(module, 'losses', _cross_entropy))


def split(model: Any) -> tuple[Any, Any]:
    """The part of a model that does not learn, and the part that reads what it gives.

    Returns:
        From input to the layer `features` (or to the input itself, without such a layer), and from
        there to all outputs; both share the layers of the model.
    """
    import keras

    named = [layer.output for layer in model.layers if layer.name == 'features']
    features = named[0] if named else model.input
    return keras.Model(model.input, features), keras.Model(features, model.output)


def _cross_entropy(label_smoothing: float, **_: Any) -> dict[str, tuple[Any, float]]:
    import keras

    return {
        'probabilities': (
            keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
            1.0,
        )
    }
