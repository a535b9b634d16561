"""What a model of streams learns from: clips and footage, and windows of streams made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from sign_recognition.datasets.shrec17 import read_clips
from sign_recognition.landmarks import RIGHT_HAND, Points
from sign_recognition.parallel import Workers
from sign_recognition.training.actors import Take
from sign_recognition.training.anatomy import fit_cached
from sign_recognition.training.calibrate import pad_hands
from sign_recognition.training.foreign import Track, read_foreign
from sign_recognition.training.run_folder import fingerprint
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.stream_config import CLASS_NAMES, StreamConfig
from sign_recognition.training.windows import Lot, Windows, WindowSource, lot_sizes, lots

Describe = Callable[[Points], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Material:
    """Clips and foreign recordings, split by signer or by source."""

    takes: list[Take]
    held_out_takes: list[Take]
    foreign: list[Track]
    held_out_foreign: list[Track]

    def fingerprint(self) -> str:
        """Of all clips, of the names of the recordings, and of who is held out."""
        takes, footage = (
            (self.takes, self.held_out_takes),
            (self.foreign, self.held_out_foreign),
        )
        return fingerprint(
            *(take.hand for side in takes for take in side),
            *([take.label for take in side] for side in takes),
            *([each.source for each in side] for side in footage),
        )


def read_material(
    config: StreamConfig, data_dir: Path, cache_dir: Path, console: Console
) -> Material:
    """Read and split everything a configuration names.

    Hands fitted to clips and tracked in videos are kept in cache_dir.

    Raises:
        Shrec17Error: a file of SHREC'17 is missing or broken.
        FileNotFoundError: foreign footage is missing.
        ValueError: a signer to be held out has no clip.
    """
    clips = read_clips(data_dir / config.shrec17)
    held_out = set(config.held_out_signers)
    if unknown := sorted(held_out - {clip.signer for clip in clips}):
        raise ValueError(
            f'held_out_signers: {", ".join(unknown)} have no clip, the clips are of '
            + ', '.join(sorted({clip.signer for clip in clips}, key=int))
        )
    hands = [clip.points[:, RIGHT_HAND] for clip in clips]
    motions = fit_cached(hands, cache_dir / 'anatomy.npz', console)
    takes = [
        (clip.signer, Take.from_clip(clip, motion))
        for clip, motion in zip(clips, motions, strict=True)
    ]
    foreign = read_foreign(data_dir, config.foreign_videos, config.foreign_asl8_clips, cache_dir)
    apart = set(sorted({each.source for each in foreign})[::4])
    return Material(
        [take for signer, take in takes if signer not in held_out],
        [take for signer, take in takes if signer in held_out],
        [each for each in foreign if each.source not in apart],
        [each for each in foreign if each.source in apart],
    )


@dataclass(frozen=True)
class Examples:
    """What the trainable part of a model learns from.

    Attributes:
        features: (N, ...) float16, what the layer `features` gives; they lie within +-8.
        classes: (N,) numbers in CLASS_NAMES.
    """

    features: npt.NDArray[np.float16]
    classes: npt.NDArray[np.int64]


class StreamPool:
    """Examples from many invented streams, some of them new before every pass.

    Args:
        config: how many, and of whom.
        workers: processes that make the streams' windows.
        describe: from raw windows (N, T, 75, 3) to features, the part of the model that does not
            learn: each window passes it once.
    """

    def __init__(
        self, config: StreamConfig, workers: Workers[WindowSource], describe: Describe
    ) -> None:
        self._config = config
        self._workers = workers
        self._describe = describe
        self._own: list[Examples] = []

    def epoch(self, rng: Rng, console: Console) -> Examples:
        """Everything for one pass, shuffled."""
        config = self._config
        missing = config.fresh_streams if self._own else config.streams
        own = lots(missing, rng)
        foreign = lots(config.foreign_streams, rng, foreign=True)
        made = self._workers.map(Lot.windows, [*own, *foreign])
        bar = track(made, 'streams', len(own) + len(foreign), console=console, transient=True)
        new = [self._examples(windows) for windows in bar]
        parts = self._own + new[: len(own)]
        # What the next pass replaces need not be kept for it.
        self._own = parts[len(lot_sizes(config.fresh_streams)) :]
        return shuffled(parts + new[len(own) :], rng)

    def _examples(self, windows: Windows) -> Examples:
        classes = np.array([CLASS_NAMES.index(label) for label in windows.labels], np.int64)
        return Examples(self._describe(pad_hands(windows.points)).astype(np.float16), classes)


def shuffled(parts: Sequence[Examples], rng: Rng) -> Examples:
    """All of them in one, in an order by chance; copied once, for they are gigabytes."""
    counts = [len(part.classes) for part in parts]
    places = np.split(rng.permutation(sum(counts)), np.cumsum(counts)[:-1])
    features = np.empty((sum(counts), *parts[0].features.shape[1:]), np.float16)
    classes = np.empty(sum(counts), np.int64)
    for part, place in zip(parts, places, strict=True):
        features[place], classes[place] = part.features, part.classes
    return Examples(features, classes)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches for Keras; the truth is the same for each output that has a loss.

    One for a whole run, whose examples change with the epochs: TensorFlow never lets go of what
    Keras once iterated over, and an epoch's examples are gigabytes.
    """

    def __init__(self, batch: int, outputs: Sequence[str]) -> None:
        super().__init__()
        self._batch, self._outputs = batch, outputs
        self.examples = Examples(np.zeros((0, 0, 0), np.float16), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.examples.classes) // self._batch or 1

    def __getitem__(
        self, index: int
    ) -> tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]]]:
        part = slice(index * self._batch, (index + 1) * self._batch)
        one_hot = np.eye(len(CLASS_NAMES), dtype=np.float32)[self.examples.classes[part]]
        truth = dict.fromkeys(self._outputs, one_hot)
        return self.examples.features[part].astype(np.float32), truth
