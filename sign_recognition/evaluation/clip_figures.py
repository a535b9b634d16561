"""What a model's probabilities for whole clips are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_TOP = 5


@dataclass(frozen=True)
class ClassFigures:
    """One label.

    Attributes:
        clips: that show it.
        precision: share of the clips called so that show it; 0 where none is called so.
        recall: share of the clips that show it that are called so; 0 where there is none.
        f1: harmonic mean of both.
    """

    clips: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ClipFigures:
    """Figures of one model on clips of signers that it never saw.

    Attributes:
        clips: how many.
        accuracy: share of the clips named rightly (top-1).
        top5: share of the clips whose label is among the five most probable.
        macro_f1: mean over the labels that a clip shows.
        classes: label to its figures, those that a clip shows or is called.
        signers: signer to the accuracy on that signer's clips; without those not known.
        labels: rows and columns of the confusion.
        confusion: (labels, labels) counts; row: what was shown, column: what was said.
    """

    clips: int
    accuracy: float
    top5: float
    macro_f1: float
    classes: Mapping[str, ClassFigures]
    signers: Mapping[str, float]
    labels: tuple[str, ...]
    confusion: npt.NDArray[np.int64]

    @property
    def signer_mean(self) -> float:
        """Mean of the signers' accuracies; NaN where no signer is known."""
        return float(np.mean([*self.signers.values()])) if self.signers else float('nan')

    @property
    def signer_worst(self) -> float:
        """The lowest of the signers' accuracies; NaN where no signer is known."""
        return min(self.signers.values(), default=float('nan'))

    def summary(self) -> dict[str, float]:
        """The figures that are one number, of those that are known."""
        figures = {
            'clip_accuracy': self.accuracy,
            'clip_top5': self.top5,
            'clip_macro_f1': self.macro_f1,
            'clip_signer_mean': self.signer_mean,
            'clip_signer_worst': self.signer_worst,
        }
        return {name: float(value) for name, value in figures.items() if not np.isnan(value)}

    def to_json(self) -> dict[str, Any]:
        """All of it as what JSON can hold."""
        return {
            'clips': self.clips,
            **self.summary(),
            'classes': {label: vars(figures) for label, figures in self.classes.items()},
            'signers': dict(self.signers),
            'labels': list(self.labels),
            'confusion': self.confusion.tolist(),
        }


def clip_figures(
    shown: Sequence[str],
    probabilities: npt.NDArray[np.float32],
    labels: Sequence[str],
    signers: Sequence[str],
) -> ClipFigures:
    """Figures of a model.

    Args:
        shown: (N,) label of each clip.
        probabilities: (N, classes).
        labels: (classes,) the model's.
        signers: (N,) of each clip, '' for not known.

    Raises:
        ValueError: a clip shows what is no label of the model, or there is no clip.
    """
    unknown = sorted(set(shown) - set(labels))
    if unknown or not shown:
        raise ValueError(f'labels: {unknown or "no clip"}, the model knows {", ".join(labels)}')
    truth = np.array([list(labels).index(each) for each in shown])
    said = probabilities.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (truth, said), 1)
    classes = _classes(confusion, labels)
    return ClipFigures(
        clips=len(shown),
        accuracy=float(np.mean(truth == said)),
        top5=_top(probabilities, truth),
        macro_f1=float(np.mean([each.f1 for each in classes.values() if each.clips])),
        classes=classes,
        signers=_by_signer(truth == said, signers),
        labels=tuple(labels),
        confusion=confusion,
    )


def _top(probabilities: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> float:
    """The share of clips for which fewer than five labels are more probable than the true one."""
    true = np.take_along_axis(probabilities, truth[:, None], axis=1)
    return float(np.mean((probabilities > true).sum(axis=1) < _TOP))


def _classes(confusion: npt.NDArray[np.int64], labels: Sequence[str]) -> dict[str, ClassFigures]:
    figures = {}
    for number, label in enumerate(labels):
        right = int(confusion[number, number])
        shown, said = int(confusion[number].sum()), int(confusion[:, number].sum())
        if shown or said:
            figures[label] = ClassFigures(
                shown, right / max(said, 1), right / max(shown, 1), 2 * right / (shown + said)
            )
    return figures


def _by_signer(right: npt.NDArray[np.bool_], signers: Sequence[str]) -> dict[str, float]:
    names = np.array(signers)
    return {str(name): float(right[names == name].mean()) for name in sorted({*signers} - {''})}
