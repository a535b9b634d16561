"""What is in a data set: counts, lengths, what is missing, and what leaks from split to split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sign_recognition.datasets.clip import Clip
from sign_recognition.datasets.info import DatasetInfo
from sign_recognition.datasets.store import Dataset
from sign_recognition.datasets.twins import descriptor, digest, near_twins
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND

PARTS = {'left hand': LEFT_HAND, 'right hand': RIGHT_HAND, 'body': POSE}
NO_HAND = 'no hand'
MISSING_COLUMNS = (*PARTS, NO_HAND)
NOT_KNOWN = '(not known)'


@dataclass(frozen=True)
class Leaks:
    """What one split gives away of another; without splits: one signer of another.

    Attributes:
        groups: 'split' or 'signer': between which it was looked for.
        same: pairs of ids of clips that are the same to the last bit.
        near: pairs of ids of clips that are one recording, shifted, scaled or encoded anew.
        signers: those who are in more than one split.
    """

    groups: str
    same: list[tuple[str, str]]
    near: list[tuple[str, str]]
    signers: list[str]

    @property
    def any(self) -> bool:
        """Whether anything leaks."""
        return bool(self.same or self.near or self.signers)


@dataclass(frozen=True)
class Description:
    """A data set in figures.

    Attributes:
        info: what it says of itself.
        labels: clips of each label, most first.
        signers: clips of each signer, most first.
        splits: clips of each split.
        official: clips of each official split.
        frames: (N,) frames of each clip.
        duration_s: of all clips together.
        missing: of each label the share of frames without the left hand, the right hand, the body,
            and any hand.
        duplicates: how many clips are the same as an earlier one to the last bit.
        leaks: what one split gives away of another.
    """

    info: DatasetInfo
    labels: Counter[str]
    signers: Counter[str]
    splits: Counter[str]
    official: Counter[str]
    frames: npt.NDArray[np.int64]
    duration_s: float
    missing: dict[str, npt.NDArray[np.float64]]
    duplicates: int
    leaks: Leaks


def describe(dataset: Dataset, progress: Callable[[int], None] = lambda done: None) -> Description:
    """Read a data set once and count.

    Args:
        dataset: what to describe.
        progress: is told how many clips are read.

    Raises:
        DatasetError: the file is broken.
    """
    digests, descriptors = [], []
    missing: defaultdict[str, npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(4))
    frames: Counter[str] = Counter()
    for done, clip in enumerate(dataset.clips(), start=1):
        digests.append(digest(clip))
        descriptors.append(descriptor(clip))
        missing[clip.label] += _missing_frames(clip)
        frames[clip.label] += len(clip.points)
        progress(done)
    labels = _counts(dataset, 'label')
    lengths = np.array(dataset.column('frames'), np.int64)
    return Description(
        dataset.info, labels, _counts(dataset, 'signer'), _counts(dataset, 'split'),
        _counts(dataset, 'official'), lengths,
        float((lengths / np.array(dataset.column('rate_hz'))).sum()),
        {label: missing[label] / frames[label] for label in labels},
        len(digests) - len(set(digests)),
        _find_leaks(dataset, digests, np.array(descriptors)),
    )  # fmt: skip


def _counts(dataset: Dataset, name: str) -> Counter[str]:
    """Most first, equal ones by name."""
    counts = Counter(value or NOT_KNOWN for value in dataset.column(name))
    return Counter(dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))))


def _missing_frames(clip: Clip) -> npt.NDArray[np.float64]:
    """In how many frames each of MISSING_COLUMNS is true."""
    unseen = [~np.isfinite(clip.points[:, part]).any(axis=(1, 2)) for part in PARTS.values()]
    return np.array([each.sum() for each in (*unseen, unseen[0] & unseen[1])], np.float64)


def _find_leaks(
    dataset: Dataset, digests: Sequence[str], descriptors: npt.NDArray[np.float32]
) -> Leaks:
    splits, signers, ids = (dataset.column(name) for name in ('split', 'signer', 'id'))
    by_split = len(set(splits)) > 1
    groups = splits if by_split else signers
    same = _same_pairs(digests, groups)
    near = [(a, b) for a, b in near_twins(descriptors, groups) if digests[a] != digests[b]]
    seen = defaultdict(set)
    for signer, split in zip(signers, splits, strict=True):
        seen[signer].add(split)
    return Leaks(
        'split' if by_split else 'signer',
        [(ids[a], ids[b]) for a, b in same],
        [(ids[a], ids[b]) for a, b in sorted(near)],
        sorted(signer for signer, where in seen.items() if signer and len(where) > 1),
    )


def _same_pairs(digests: Sequence[str], groups: Sequence[str]) -> list[tuple[int, int]]:
    """The first clip and each later twin of another group."""
    first: dict[str, int] = {}
    pairs = []
    for row, each in enumerate(digests):
        earlier = first.setdefault(each, row)
        if groups[earlier] != groups[row]:
            pairs.append((earlier, row))
    return pairs
