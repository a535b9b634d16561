"""Which clips train a model and which judge it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from sign_recognition.datasets.clip import NOT_HELD_OUT, DatasetError
from sign_recognition.datasets.store import Dataset

WAYS = ('signer', 'official', 'random')
# Which of the folds is the test split.
_TEST_FOLD = 0


class Split(NamedTuple):
    """A split and a fold for each clip, as in Clip."""

    split: list[str]
    fold: list[int]


def split_clips(dataset: Dataset, by: str, folds: int, seed: int) -> Split:
    """Split the clips of a data set; fold 0 is the test split, all others are the training split.

    Args:
        dataset: what to split.
        by: 'signer' (no signer is in two folds, and each fold has its share of every label),
            'official' (as its authors did, without folds) or 'random' (the same signers train and
            judge: figures flatter).
        folds: how many.
        seed: of the shuffling.

    Raises:
        DatasetError: the way is not known, or the data set lacks what it needs.
    """
    if by not in WAYS:
        raise DatasetError(f'by: {by!r}, allowed are {", ".join(WAYS)}')
    if by == 'official':
        return _official(dataset)
    labels = dataset.column('label')
    if not 2 <= folds <= len(labels):
        raise DatasetError(f'folds: {folds}, allowed are 2 to {len(labels)}, one a clip')
    if by == 'random':
        return _of_folds(_random_folds(labels, folds, seed))
    return _of_folds(_signer_folds(dataset, labels, _signers(dataset, folds), folds, seed))


def _official(dataset: Dataset) -> Split:
    official = dataset.column('official')
    without = official.count('')
    if without:
        raise DatasetError(
            f'{dataset.path}: {without} of {len(dataset)} clips have no official split'
        )
    return Split(official, [NOT_HELD_OUT] * len(official))


def _signers(dataset: Dataset, folds: int) -> list[str]:
    signers = dataset.column('signer')
    if '' in signers:
        raise DatasetError(
            f'{dataset.path}: of {signers.count("")} of {len(dataset)} clips the signer is not '
            'known: they cannot be split by signer'
        )
    if len(set(signers)) < folds:
        raise DatasetError(f'folds: {folds}, allowed are 2 to {len(set(signers))}, one a signer')
    return signers


def _signer_folds(
    dataset: Dataset, labels: Sequence[str], signers: Sequence[str], folds: int, seed: int
) -> list[int]:
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.empty(len(labels), int)
    try:
        with warnings.catch_warnings():
            # That a label has fewer clips than there are folds: so it is, with rare signs.
            warnings.simplefilter('ignore', UserWarning)
            for number, (_, held_out) in enumerate(splitter.split(labels, labels, signers)):
                fold[held_out] = number
    except ValueError as error:
        raise DatasetError(f'{dataset.path}: {error}') from error
    return [int(each) for each in fold]


def _random_folds(labels: Sequence[str], folds: int, seed: int) -> list[int]:
    """Every label dealt out over the folds like a pack of cards."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    dealt = sorted(shuffled, key=lambda row: labels[row])
    fold = np.empty(len(labels), int)
    fold[dealt] = np.arange(len(labels)) % folds
    return [int(each) for each in fold]


def _of_folds(fold: list[int]) -> Split:
    return Split(['test' if each == _TEST_FOLD else 'train' for each in fold], fold)
