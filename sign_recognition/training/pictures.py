"""Pictures of a training: learning curves, confusion matrix, key frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
import numpy.typing as npt

from sign_recognition.atomic import whole_file
from sign_recognition.landmarks import HAND_BONES, LEFT_HAND, RIGHT_HAND, Points

if TYPE_CHECKING:
    from sign_recognition.training.comparison import Summary

matplotlib.use('Agg')

from matplotlib import pyplot as plt  # noqa: E402 (only after the choice of what draws)

_DPI = 80
# Beyond this many labels the numbers in the cells of a confusion matrix cannot be read.
_MOST_NUMBERED = 20


def draw_history(path: Path, history: Sequence[dict[str, float]]) -> None:
    """Loss and accuracy over the epochs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout='constrained')
    for axes, key in ((left, 'loss'), (right, 'accuracy')):
        for name, style in ((key, '-'), (f'stop_{key}', '--')):
            if history and name in history[-1]:
                shown = 'training' if name == key else 'signers that tell when to stop'
                epochs = [row['epoch'] for row in history]
                axes.plot(epochs, [row[name] for row in history], style, label=shown)
        axes.set(xlabel='epoch', ylabel=key)
        axes.grid(alpha=0.3)
    left.set_yscale('log')
    right.legend(loc='lower right')
    _save(figure, path)


def draw_confusion(path: Path, labels: Sequence[str], counts: npt.NDArray[np.int64]) -> None:
    """What was said of each label, as shares of the clips that show it.

    Args:
        path: PNG file.
        labels: of the rows and columns; those without a clip are left out.
        counts: (labels, labels) clips; row: what was shown, column: what was said.
    """
    used = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    counts, labels = counts[np.ix_(used, used)], [labels[number] for number in used]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(3 + 0.35 * len(labels), 16)
    figure, axes = plt.subplots(figsize=(side, side), layout='constrained')
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=8)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set(xlabel='said', ylabel='shown')
    if len(labels) <= _MOST_NUMBERED:
        for row, column in np.argwhere(counts > 0):
            colour = 'white' if shares[row, column] > 0.5 else 'black'
            text = str(counts[row, column])
            axes.text(column, row, text, ha='center', va='center', color=colour, fontsize=7)
    _save(figure, path)


def draw_key_frames(
    path: Path,
    windows: Points,
    key_frames: npt.NDArray[np.intp],
    sureness: npt.NDArray[np.float32],
    titles: Sequence[str],
) -> None:
    """The frame that was chosen of each clip, and how sure each frame was.

    Args:
        path: PNG file.
        windows: (N, T, 75, 3) landmarks.
        key_frames: (N,) the chosen frame.
        sureness: (N, T) highest probability of each frame.
        titles: (N,).
    """
    columns = 4
    rows = -(-len(windows) // columns)
    figure, grid = plt.subplots(
        2 * rows, columns, figsize=(2.6 * columns, 3.4 * rows), layout='constrained',
        height_ratios=[3, 1] * rows, squeeze=False,
    )  # fmt: skip
    for axes in grid.flat:
        axes.set_axis_off()
    for number, (window, key) in enumerate(zip(windows, key_frames, strict=True)):
        row, column = divmod(number, columns)
        picture, curve = grid[2 * row, column], grid[2 * row + 1, column]
        _draw_hands(picture, window[key])
        picture.set_title(f'{titles[number]}: frame {key}', fontsize=8)
        curve.set_axis_on()
        curve.plot(sureness[number], color='tab:blue')
        curve.axvline(key, color='tab:red')
        curve.set(ylim=(0, 1.05), xticks=[], yticks=[0, 1])
    _save(figure, path)


def _draw_hands(axes: Any, points: Points) -> None:
    for part, colour in ((LEFT_HAND, 'tab:orange'), (RIGHT_HAND, 'tab:blue')):
        hand = points[part]
        for begin, end in HAND_BONES:
            axes.plot(*hand[[begin, end], :2].T, color=colour, linewidth=1.5)
    axes.set_aspect('equal')
    axes.invert_yaxis()


def _save(figure: Any, path: Path) -> None:
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=_DPI)
    plt.close(figure)


def draw_comparison(path: Path, summaries: Sequence[Summary]) -> None:
    """Accuracy of each architecture, with its folds as points, beside what a step costs."""
    names = [each.name for each in summaries][::-1]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 1 + 0.36 * len(names)), sharey=True, layout='constrained',
        width_ratios=[2, 1],
    )  # fmt: skip
    for row, each in enumerate(summaries[::-1]):
        left.barh(row, np.mean(each.accuracies), color='tab:blue', alpha=0.5)
        left.plot(each.accuracies, [row] * len(each.accuracies), 'k.', markersize=5)
        right.barh(row, each.step_ms, color='tab:orange', alpha=0.7)
    left.set_yticks(range(len(names)), names)
    left.set(xlabel='accuracy, points are folds', xlim=(0, 1))
    right.set(xlabel='ms a step on one core')
    for axes in (left, right):
        axes.grid(axis='x', alpha=0.3)
    _save(figure, path)
