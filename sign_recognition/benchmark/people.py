"""Whom a benchmark looks at: signers and footage that a model never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sign_recognition.datasets.shrec17 import LIST_FILES, Shrec17Clip, list_clips, read_clip
from sign_recognition.landmarks import RIGHT_HAND
from sign_recognition.model_contract import ModelContract
from sign_recognition.training.actors import Take
from sign_recognition.training.anatomy import fit_cached
from sign_recognition.training.foreign import Track, read_foreign

# Where the clips may be, below the folder that a user names.
_SHREC17 = ('', 'shrec17/HandGestureDataset_SHREC2017', 'HandGestureDataset_SHREC2017')
# Real people before webcams who do none of the gestures, below `video`.
FOREIGN_VIDEOS = ('chalearn_nmadapan', 'wave_imishra')
# As many as are trained on: of the other clips nobody knows which signers a model saw.
_ASL8_CLIPS = 900


class BenchmarkError(ValueError):
    """A benchmark cannot be made; the message names the option or file and what is allowed."""


@dataclass(frozen=True)
class People:
    """Those whom the model never saw.

    Attributes:
        takes: of each signer, the clips.
        footage: real recordings in which nothing is performed.
    """

    takes: dict[str, list[Take]]
    footage: list[Track]

    @property
    def seconds_of_footage(self) -> float:
        """How much there is."""
        return float(sum(each.stamps_s[-1] - each.stamps_s[0] for each in self.footage))


def find_shrec17(data: Path) -> Path:
    """The folder of SHREC'17, which is the given one or lies in it.

    Raises:
        BenchmarkError: there is none.
    """
    for below in _SHREC17:
        if any((data / below / name).is_file() for name in LIST_FILES):
            return data / below
    raise BenchmarkError(
        f"data: {data} holds no SHREC'17, allowed is a folder with {' or '.join(LIST_FILES)}, "
        f'or one with {_SHREC17[1]}'
    )


def chosen_signers(contract: ModelContract, named: str) -> tuple[str, ...]:
    """The signers to look at: those that the user names, else those that the model never saw.

    Args:
        contract: of the model.
        named: numbers with commas between; empty: as the model says.

    Raises:
        BenchmarkError: nobody is named, or one on whom the model was trained.
    """
    held_out = contract.held_out_signers
    signers = tuple(each.strip() for each in named.split(',') if each.strip()) or held_out
    if not signers:
        raise BenchmarkError(
            f'signers: model {contract.name} does not say whom it never saw; '
            'name them, as in --signers 4,9,15,22'
        )
    seen = [each for each in signers if held_out and each not in held_out]
    if seen:
        raise BenchmarkError(
            f'signers: model {contract.name} was trained on {", ".join(seen)}, '
            f'allowed are {", ".join(held_out)}'
        )
    return signers


def read_unseen_clips(
    data: Path, signers: Sequence[str], labels: Sequence[str]
) -> list[Shrec17Clip]:
    """The clips of these signers.

    Args:
        data: as in find_shrec17.
        signers: subject numbers.
        labels: those that the model knows.

    Raises:
        Shrec17Error: a file is missing or broken.
        BenchmarkError: a signer has no clips, or the model knows none of the gestures.
    """
    root = find_shrec17(data)
    entries = [each for each in list_clips(root) if str(each.row[2]) in signers]
    clips = [clip for clip in map(read_clip, entries) if clip.label in labels]
    missing = sorted(set(signers) - {clip.signer for clip in clips})
    if missing:
        raise BenchmarkError(
            f'signers: {root} has no clips by {", ".join(missing)} of gestures that the model knows'
        )
    return clips


def read_takes(
    data: Path, signers: Sequence[str], labels: Sequence[str], cache: Path, console: Console
) -> dict[str, list[Take]]:
    """For each signer the clips, also as an anatomical hand performs them.

    Args:
        data, signers, labels: as in read_unseen_clips, and so are the errors.
        cache: folder that keeps the fitted hands.
        console: where progress goes.
    """
    clips = read_unseen_clips(data, signers, labels)
    hands = [clip.points[:, RIGHT_HAND] for clip in clips]
    motions = fit_cached(hands, cache / f'hands_{"_".join(signers)}.npz', console)
    takes: dict[str, list[Take]] = {signer: [] for signer in signers}
    for clip, motion in zip(clips, motions, strict=True):
        takes[clip.signer].append(Take.from_clip(clip, motion))
    return takes


def read_footage(data: Path, contract: ModelContract, cache: Path) -> list[Track]:
    """Real footage that the model was not trained on; none where there is none below `data`.

    Args:
        data: the folder that holds `video` and `asl8`.
        contract: of the model: whatever its training data names is left out, but for the sources
            that it says it never saw.
        cache: folder that keeps what MediaPipe found in the videos.
    """
    fresh = [each for each in FOREIGN_VIDEOS if f'video/{each} ' not in contract.training_data]
    fresh = [each for each in fresh if (data / 'video' / each).is_dir()]
    tracks = read_foreign(data, fresh, 0, cache)
    apart = {Path(source) for source in contract.held_out_footage}
    folders = sorted({source.parent.as_posix() for source in apart} - {'asl8'})
    folders = [each for each in folders if (data / 'video' / each).is_dir()]
    has_asl8 = (data / 'asl8').is_dir() and any(each.parent.name == 'asl8' for each in apart)
    held_out = read_foreign(data, folders, _ASL8_CLIPS if has_asl8 else 0, cache)
    return tracks + [each for each in held_out if Path(each.source) in apart]
