"""Clips that are the same recording: to the last bit, or shifted, scaled and encoded anew."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sign_recognition.datasets.clip import Clip
from sign_recognition.landmarks import HAND_NAMES, LEFT_HAND, RIGHT_HAND

# Wrist and tips of both hands, x and y, at these many moments of a clip.
_NAMES = ('wrist', 'thumb_tip', 'index_tip', 'middle_tip', 'ring_tip', 'pinky_tip')
_POINTS = [
    part.start + HAND_NAMES.index(name) for part in (LEFT_HAND, RIGHT_HAND) for name in _NAMES
]
_MOMENTS = 16
# Distance of descriptors, which have the length 1. In SHREC'17, asl8 and nsl no two signers come
# nearer than 0.07; other takes by the same signer seldom do.
NEAR = 0.05
_BLOCK = 1024

Descriptors = npt.NDArray[np.float32]


def digest(clip: Clip) -> str:
    """The same for clips whose points are the same to the last bit."""
    return hashlib.blake2b(np.ascontiguousarray(clip.points).data, digest_size=16).hexdigest()


def descriptor(clip: Clip) -> Descriptors:
    """(384,) float32 of length 1: the way of the fingertips, wherever and however large.

    All zero where no hand is seen or none moves, which is like nothing else.
    """
    moments = np.linspace(0, len(clip.points) - 1, _MOMENTS).round().astype(int)
    tips = clip.points[moments][:, _POINTS, :2].astype(np.float32)
    seen = np.isfinite(tips)
    if not seen.any():
        return np.zeros(tips.size, np.float32)
    centred = np.where(seen, tips - np.nanmean(tips, axis=(0, 1)), 0).reshape(-1)
    length = float(np.linalg.norm(centred))
    return centred / length if length > 0 else centred


def near_twins(descriptors: Descriptors, groups: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of clips of different groups that are the same recording, nearly.

    Args:
        descriptors: (N, D) of length 1, or zero.
        groups: of each clip: its split.

    Returns:
        Pairs of rows; of each clip the nearest twin in each later group.
    """
    rows = _rows_by_group(groups)
    least = 1 - NEAR**2 / 2  # the dot product of unit vectors at that distance
    pairs = []
    for number, one in enumerate(rows):
        for other in rows[number + 1 :]:
            for begin in range(0, len(one), _BLOCK):
                block = one[begin : begin + _BLOCK]
                alike = descriptors[block] @ descriptors[other].T
                nearest = alike.argmax(axis=1)
                for i in np.flatnonzero(alike[np.arange(len(block)), nearest] >= least):
                    pairs.append((int(block[i]), int(other[nearest[i]])))
    return pairs


def _rows_by_group(groups: Iterable[Hashable]) -> list[npt.NDArray[np.int64]]:
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        rows[group].append(row)
    return [np.array(each) for each in rows.values()]
