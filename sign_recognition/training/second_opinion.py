"""A gesture starts only where a network that knows nothing but gestures names it, too.

Networks of streams learn what is no gesture, and are then as sure of an arm that is only raised as
of a swipe. A network of whole clips has never seen such an arm. It names the gesture that is
nearest, and that is seldom the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from sign_recognition.classifier import OUTPUT_NAME
from sign_recognition.decision import NONE_LABEL
from sign_recognition.training.clip_config import ClipConfig, read_config

_TINY = 1e-7
_ENTRIES = ('config', 'labels', 'needed')


@dataclass(frozen=True)
class SecondOpinion:
    """Whom a model of streams asks, and about what.

    Attributes:
        clips: how the network that is asked is trained, on whole clips.
        labels: what it is asked about.
        needed: with this probability, or a higher one, it agrees.
        frames: how many of the newest frames of a stream's window it is shown, stretched to its own
            window as clips are; None: as many as that has.
    """

    clips: ClipConfig
    labels: tuple[str, ...]
    needed: float
    frames: int | None = None

    @property
    def shown_frames(self) -> int:
        """How many of the newest frames it is shown."""
        return self.clips.window_frames if self.frames is None else self.frames

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path) -> SecondOpinion:
        """From an entry of a YAML file.

        Args:
            values: `config`, a file of the recipe 'clips', `labels` and `needed`, and perhaps
                `frames`.
            folder: where that file is looked for.

        Raises:
            ValueError: the entry is not as described; names what is wrong.
            ConfigError: the file cannot be followed.
        """
        if not isinstance(values, Mapping) or {*values} - {'frames'} != {*_ENTRIES}:
            raise ValueError(f'{values!r}, allowed are {", ".join(_ENTRIES)}, and frames')
        needed = values['needed']
        if not isinstance(needed, (int, float)) or not 0 < needed <= 1:
            raise ValueError(f'needed: {needed!r}, allowed is above 0 and up to 1')
        labels = values['labels']
        if not isinstance(labels, list) or not labels:
            raise ValueError(f'labels: {labels!r}, allowed is a list of labels')
        frames = values.get('frames')
        if frames is not None and (type(frames) is not int or frames < 1):
            raise ValueError(f'frames: {frames!r}, allowed is a whole number from 1')
        clips = read_config(folder / str(values['config']))
        return cls(clips, tuple(map(str, labels)), float(needed), frames)

    def check(self, labels: Sequence[str], window_frames: int) -> None:
        """Refuse what a model of streams cannot ask.

        Raises:
            ValueError: there is no such label, or the other does not see what a camera gives, or
                more of it than the stream's window holds.
        """
        gestures = [label for label in labels if label != NONE_LABEL]
        if unknown := [label for label in self.labels if label not in gestures]:
            raise ValueError(f'labels: {unknown[0]!r}, allowed are {", ".join(gestures)}')
        if self.clips.view != 'camera' or self.clips.images is not None:
            raise ValueError(f'config: {self.clips.name}: allowed is view: camera, without images')
        if self.shown_frames > window_frames:
            what = 'config: window_frames' if self.frames is None else 'frames:'
            raise ValueError(
                f"{what} {self.shown_frames}, allowed are {window_frames}, the stream's, or fewer"
            )

    def without(self, signers: Sequence[str]) -> ClipConfig:
        """The training of the network, which must not know whom the streams hold out."""
        return replace(self.clips, held_out_signers=tuple(signers), fold=None)


def consult(
    model: keras.Model,
    labels: Sequence[str],
    asked: keras.Model,
    asked_labels: Sequence[str],
    opinion: SecondOpinion,
) -> keras.Model:
    """A model that says `none` where the one that is asked does not agree.

    Args:
        model: of streams, on `labels`.
        labels: in the order of its probabilities; `none` is among them.
        asked: of whole clips.
        asked_labels: in the order of its probabilities.
        opinion: about which labels, and when it agrees.

    Returns:
        A model with the outputs of the first. The odds of a label that was asked about against
        `none` are multiplied by min(1, p / needed), p the other's probability of it; labels that
        were not asked about stay as probable.

    Raises:
        ValueError: the model that is asked does not know a label.
    """
    known = list(asked_labels)
    if unknown := [label for label in opinion.labels if label not in known]:
        raise ValueError(f'second_opinion: labels: {unknown[0]} has no clip to learn from')
    newest = _stretched(model.input[:, -opinion.shown_frames :], asked.input.shape[1])
    # Of a label that nobody asks about it does not matter what is read.
    places = [known.index(label) if label in opinion.labels else 0 for label in labels]
    other = ops.take(asked(newest)[OUTPUT_NAME], places, axis=-1)
    agreed = Agreed(
        [float(label in opinion.labels) for label in labels],
        list(labels).index(NONE_LABEL),
        opinion.needed,
        name='agreed',
    )(model.output[OUTPUT_NAME], other)
    return keras.Model(model.input, {**model.output, OUTPUT_NAME: agreed}, name=model.name)


def _stretched(window: Any, frames: int) -> Any:
    """(B, frames, 75, 3) of a window (B, T, 75, 3), read between frames as by `clip_window`."""
    places = np.linspace(0, window.shape[1] - 1, frames)
    share = (places % 1).astype(np.float32)
    first, last = np.floor(places).astype(int), np.ceil(places).astype(int)
    before, after, nearer = (
        ops.take(window, chosen, axis=1)
        for chosen in (first, last, np.where(share < 0.5, first, last))
    )
    share = share[:, None, None]
    between = before * (1 - share) + after * share
    # Of any other condition tf2onnx makes no real Where: see preprocess.split_seen.
    return ops.where(ops.isnan(between), nearer, between)


@keras.saving.register_keras_serializable('sign_recognition')
class Agreed(keras.layers.Layer):  # type: ignore[misc]
    """Probabilities (B, C) after a second opinion (B, C); see `consult`.

    Args:
        is_asked: (C,) 1.0 for labels that the other was asked about, 0.0 for all others.
        none: place of `none`.
        needed: probability from which on the other agrees.
    """

    def __init__(self, is_asked: Sequence[float], none: int, needed: float, **options: Any) -> None:
        super().__init__(**options)
        self.is_asked, self.none, self.needed = list(is_asked), none, needed

    def call(self, told: Any, other: Any) -> Any:
        is_asked = np.array(self.is_asked, np.float32)
        contested = np.maximum(is_asked, np.eye(len(is_asked), dtype=np.float32)[self.none])
        factor = ops.minimum(other / self.needed, 1.0) * is_asked + (1.0 - is_asked)
        weighed = told * factor
        before = ops.sum(told * contested, axis=-1, keepdims=True)
        after = ops.sum(weighed * contested, axis=-1, keepdims=True)
        share = before / ops.maximum(after, _TINY)
        return weighed * (contested * share + (1.0 - contested))

    def get_config(self) -> dict[str, Any]:
        own = {'is_asked': self.is_asked, 'none': self.none, 'needed': self.needed}
        return {**super().get_config(), **own}
