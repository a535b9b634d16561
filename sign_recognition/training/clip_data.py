"""Clips as arrays of windows, who is held out of them, and their batches."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from rich.console import Console
from rich.progress import Progress
from sklearn.model_selection import StratifiedGroupKFold

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.datasets.clip_frames import clip_frames
from sign_recognition.datasets.shrec17 import fine_label
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import Points
from sign_recognition.model_contract import SPACES
from sign_recognition.sequence import clip_window, nearest_frames
from sign_recognition.training import clip_augmentation
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.settings import ConfigError

Rows = npt.NDArray[np.intp]
# Landmarks (N, T, 75, 3) float32, or images (N, T, H, W, 3) uint8.
Windows = npt.NDArray[Any]
# The truth of outputs whose names begin so is the finer label of a clip.
_FINE_PREFIX = 'fine_'
# Of the training signers, one part in so many tells when to stop.
_VALIDATION_PARTS = 6


@dataclass(frozen=True)
class ClipSet:
    """All clips of a folder as windows.

    Attributes:
        windows: (N, T, 75, 3) float32, or (N, T, H, W, 3) uint8 images.
        shown: (N,) label of each clip.
        fine: (N,) finer label; the label itself where there is none.
        signers: (N,) who shows it, '' for not known.
        splits: (N,) as in Clip.
        space: of the landmarks, as in ModelContract.
    """

    windows: Windows
    shown: tuple[str, ...]
    fine: tuple[str, ...]
    signers: tuple[str, ...]
    splits: tuple[str, ...]
    space: str

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of a model of these clips, in the order of the alphabet; 'none' belongs to every one."""
        return (*sorted({*self.shown} - {NONE_LABEL}), NONE_LABEL)

    def weights(self, rows: Rows, config: ClipConfig) -> npt.NDArray[np.float32]:
        """(rows,) how much each clip counts: with a signer on the mean 1, without foreign_weight.

        The more a signer recorded of a label, the less each of these clips, as config.balance says.
        """
        pairs = [(self.signers[row], self.shown[row]) for row in rows]
        counts = Counter(pair for pair in pairs if pair[0])
        raw = np.array([counts[each] ** -config.balance if each[0] else np.nan for each in pairs])
        mean = np.nanmean(raw) if counts else 1.0
        return np.nan_to_num(raw / mean, nan=config.foreign_weight).astype(np.float32)

    @property
    def fine_labels(self) -> tuple[str, ...]:
        """All finer labels, in the order of the alphabet."""
        return tuple(sorted(set(self.fine)))


def read_clip_set(folder: ClipFolder, config: ClipConfig, console: Console) -> ClipSet:
    """Read the clips that a configuration asks for.

    Raises:
        DatasetError: a clip is broken, the clips are of several spaces, or none is left.
        ConfigError: a virtual camera is asked for, and the clips are not in metres.
    """
    windows, clips = [], []
    with Progress(console=console, transient=True) as progress:
        for clip in progress.track(folder.recorded(), total=folder.count, description='clips'):
            if clip.label not in config.skip_labels:
                windows.append(_window(folder, clip, config))
                clips.append((clip.label, fine_label(clip), clip.signer, clip.split, clip.space))
    if not clips:
        raise DatasetError(f'{folder.path}: holds no clip beside skip_labels')
    shown, fine, signers, splits, spaces = zip(*clips, strict=True)
    space = _one_space(folder, set(spaces))
    if config.view == 'camera' and space != 'world':
        raise ConfigError(
            f"view: 'camera', allowed for clips of space 'world'; these are {space!r}"
        )
    return ClipSet(np.stack(windows), shown, fine, signers, splits, space)


def _window(folder: ClipFolder, clip: Clip, config: ClipConfig) -> Windows:
    fit = config.clip_fit, config.window_frames, config.rate_hz
    if config.images is not None:
        return clip_frames(folder, clip, config.images, nearest_frames(clip.times_s, *fit))
    points = clip.selfie_view().points.astype(np.float32)
    return clip_window(points, clip.times_s, *fit)


def _one_space(folder: ClipFolder, spaces: set[str]) -> str:
    if len(spaces) > 1:
        raise DatasetError(f'{folder.path}: clips of spaces {sorted(spaces)}, allowed is one')
    assert spaces <= set(SPACES)
    return spaces.pop()


@dataclass(frozen=True)
class Division:
    """Which clips train a model, which tell when to stop, and which judge it.

    Attributes:
        train: rows of a ClipSet.
        stop: rows; of training signers that training does not see, empty without early stopping.
        held_out: rows; of signers that neither of the others has, unless the data set's own split
            has signers on two sides.
        foreign: rows; foreign clips of 'none' from sources that training never saw.
        footage: those sources, each as data set/clip.
    """

    train: Rows
    stop: Rows
    held_out: Rows
    foreign: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    footage: tuple[str, ...] = ()

    def unseen_signers(self, clips: ClipSet) -> tuple[str, ...]:
        """Held-out signers of whom no clip trains the model or tells when to stop, by name."""
        seen, held_out = (
            {clips.signers[row] for row in rows}
            for rows in (np.concatenate([self.train, self.stop]), self.held_out)
        )
        # Who is not known may be anybody.
        return tuple(sorted(held_out - seen - {''}))


def divide(clips: ClipSet, config: ClipConfig) -> Division:
    """Divide clips by signer.

    Raises:
        ConfigError: nothing is left to train on, or a held-out signer has no clip.
        DatasetError: a fold is asked for, and the signers do not suffice.
    """
    held_out = _held_out(clips, config)
    train = np.flatnonzero(~held_out)
    if not train.size:
        raise ConfigError('held_out_signers: all, nothing is left to train on')
    stop = _stop_rows(clips, train, config) if config.patience else train[:0]
    return Division(np.setdiff1d(train, stop), stop, np.flatnonzero(held_out))


def _held_out(clips: ClipSet, config: ClipConfig) -> npt.NDArray[np.bool_]:
    signers = np.array(clips.signers)
    if config.fold is not None and isinstance(config.folds, int):
        in_fold: npt.NDArray[np.bool_] = fold_numbers(clips, config.folds) == config.fold
        return in_fold
    if config.fold is not None:
        assert not isinstance(config.folds, int)
        return np.isin(signers, _known_signers(config.folds[config.fold], clips))
    if config.held_out_signers:
        return np.isin(signers, _known_signers(config.held_out_signers, clips))
    return np.array([split == 'test' for split in clips.splits])


def _known_signers(wanted: Sequence[str], clips: ClipSet) -> list[str]:
    missing = sorted(set(wanted) - set(clips.signers))
    if missing:
        raise ConfigError(
            f'held-out signers: {missing} have no clip, the clips are of '
            f'{", ".join(sorted(set(clips.signers)))}'
        )
    return list(wanted)


def fold_numbers(clips: ClipSet, folds: int) -> npt.NDArray[np.int64]:
    """(N,) which of the folds holds each clip out: by signer, always the same.

    Raises:
        DatasetError: there are fewer signers than folds.
    """
    count = len(set(clips.signers))
    if count < folds:
        raise DatasetError(f'folds: {folds}, allowed are 2 to {count}, one a signer')
    numbers = np.zeros(len(clips), np.int64)
    for number, rows in enumerate(_signer_parts(clips, np.arange(len(clips)), folds)):
        numbers[rows] = number
    return numbers


def _stop_rows(clips: ClipSet, train: Rows, config: ClipConfig) -> Rows:
    """The clips of about a sixth of the training signers."""
    signers = len({clips.signers[row] for row in train})
    if signers < 2:
        raise ConfigError(
            f'patience: {config.patience}, allowed is 0 where all training clips are of one signer'
        )
    return _signer_parts(clips, train, min(_VALIDATION_PARTS, signers))[0]


def _signer_parts(clips: ClipSet, rows: Rows, parts: int) -> list[Rows]:
    """Rows divided by signer, each part with its share of every label."""
    shown = [clips.shown[row] for row in rows]
    signers = [clips.signers[row] for row in rows]
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        # That a label has fewer clips than there are parts: so it is, with rare signs.
        warnings.simplefilter('ignore', UserWarning)
        return [rows[part] for _, part in splitter.split(shown, shown, signers)]


class Batches:
    """Batches of clips for Keras.

    Args:
        clips: all clips.
        outputs: of the model, those with a loss.
        config: batch size, augmentation, seed.
    """

    def __init__(self, clips: ClipSet, outputs: Sequence[str], config: ClipConfig) -> None:
        self._clips = clips
        self._outputs = outputs
        self._config = config
        self._truth = {
            'label': _one_hot(clips.shown, clips.labels),
            'fine': _one_hot(clips.fine, clips.fine_labels),
        }
        self._augment = clip_augmentation.chain(
            _steps(config), clips.labels, clips.space, clips.windows.dtype == np.uint8
        )

    def steps(self, rows: Rows) -> int:
        """Batches in one pass over rows; clips that do not fill a batch wait for the next."""
        return max(len(rows) // self._config.batch, 1)

    def train(self, rows: Rows, first_epoch: int) -> Any:
        """Augmented batches without end, from the beginning of an epoch; the same for its number.

        Returns:
            A tf.data.Dataset of (windows, truth per output, weight per clip).
        """
        steps, batch = self.steps(rows), min(self._config.batch, len(rows))
        windows, truth = tf.constant(self._clips.windows[rows]), self._truth_of(rows)
        weights = tf.constant(self._clips.weights(rows, self._config))
        seed = self._config.seed

        # No Python in these depends on a tensor: there is nothing for AutoGraph to rewrite.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def epoch_batches(epoch: Any) -> Any:
            order = tf.random.experimental.stateless_shuffle(
                tf.range(len(rows)), (seed, tf.cast(epoch, tf.int32))
            )
            order = tf.reshape(order[: steps * batch], (steps, batch))
            numbers = tf.cast(epoch, tf.int32) * steps + tf.range(steps)
            return tf.data.Dataset.from_tensor_slices((order, numbers))

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def make(order: Any, number: Any) -> Any:
            chosen = self._augment(tf.gather(windows, order), (seed + 1, number))
            # The shape is not lost on Keras.
            chosen = tf.ensure_shape(chosen, (batch, *windows.shape[1:]))
            chosen_truth = {name: tf.gather(each, order) for name, each in truth.items()}
            return chosen, chosen_truth, tf.gather(weights, order)

        epochs = tf.data.Dataset.counter(first_epoch)
        batches = epochs.flat_map(epoch_batches).map(make, num_parallel_calls=tf.data.AUTOTUNE)
        return batches.prefetch(2)

    def scored(self, rows: Rows) -> tuple[Windows, dict[str, npt.NDArray[np.float32]]]:
        """Windows as they are judged (a camera's view is always the same one), and their truth."""
        windows = self._clips.windows[rows]
        if self._config.view == 'camera':
            windows = camera_view(windows, self._config.seed)
        return windows, {name: np.array(each) for name, each in self._truth_of(rows).items()}

    def _truth_of(self, rows: Rows) -> dict[str, Any]:
        kinds = {
            name: 'fine' if name.startswith(_FINE_PREFIX) else 'label' for name in self._outputs
        }
        return {name: tf.constant(self._truth[kind][rows]) for name, kind in kinds.items()}


def camera_view(points: Points, seed: int) -> Points:
    """Clips in metres, each as a tracker before a virtual camera of its own sees it; the same for
    the same seed."""
    see = clip_augmentation.chain([{'virtual_camera': {}}, {'tracker': {}}], (), 'world')
    return np.array(see(tf.constant(points), (seed, len(points))), np.float32)


def _steps(config: ClipConfig) -> Sequence[Mapping[str, Any]]:
    """The configured steps; in the camera's view a camera leads where none is among them."""
    has_camera = any('virtual_camera' in step for step in config.augment)
    if config.view == 'camera' and not has_camera:
        return ({'virtual_camera': {}}, *config.augment)
    return config.augment


def _one_hot(shown: Sequence[str], labels: Sequence[str]) -> npt.NDArray[np.float32]:
    numbers = {label: number for number, label in enumerate(labels)}
    return np.eye(len(labels), dtype=np.float32)[[numbers[each] for each in shown]]
