"""Trains parts of the model of SHREC'17's clips for a few passes, and writes the table of its card.

    .venv/bin/python scripts/ablate_gestures.py HandGestureDataset_SHREC2017 [RUNS]

Each row is config/train/shrec17_world.yaml with some entries changed, twenty passes on each of
the folds that chose nothing of that model, each into a folder of its own under RUNS
(runs/world_ablation); what is finished there is only judged, what was broken off goes on, and what
is of another recipe is refused. What a member is worth is seen without a training, for each learns
as if alone. It takes half an hour on two cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from sign_recognition.datasets.clip_folder import ClipFolder, open_folder
from sign_recognition.parallel import Workers
from sign_recognition.training.clip_config import ClipConfig, read_config
from sign_recognition.training.clip_data import Batches, ClipSet
from sign_recognition.training.clip_run import Trained, learn, predict
from tables import put_tables

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'config' / 'train' / 'shrec17_world.yaml'
CARD = ROOT / 'resource' / 'models' / 'shrec17_world.md'
EPOCHS, FOLDS = 20, (1, 3, 4)
WHOLE = 'all four'
MEMBERS = (
    'coordinates, three parts', 'velocities, three parts', 'velocities, two parts, wider',
    '`bilstm` on frame differences',
)  # fmt: skip
# Numbers of clips: with the label named rightly, with the kind named rightly, all.
Counts = npt.NDArray[np.int64]


def rows(config: ClipConfig) -> Iterator[tuple[str, ClipConfig]]:
    """What each row is called, and its configuration."""
    yield WHOLE, config
    yield 'maxima over the whole clip alone', with_members(config, parts=1)
    plain = {'members': with_members(config, super_classes=None).options['members']}
    yield 'the 14 labels alone, not the 28 kinds', replace(config, options=plain)
    yield 'no augmentation', replace(config, augment=())
    steady = tuple(step for step in config.augment if 'warp' not in step)
    yield 'no uneven speed, no lost ends', replace(config, augment=steady)
    yield 'no label smoothing', replace(config, label_smoothing=0.0)
    yield 'no running mean of the weights', replace(config, ema=0.0)


def with_members(config: ClipConfig, **changes: Any) -> ClipConfig:
    """Other options for the convolutional members."""
    members = [
        {**each, 'options': {**each['options'], **changes}}
        if each['arch'] == 'hierarchical_cnn'
        else each
        for each in config.options['members']
    ]
    return replace(config, options={**config.options, 'members': members})


def train_fold(item: tuple[str, ClipConfig, Path], folder: ClipFolder) -> dict[str, Counts]:
    """Train a fold of a row if it has to be: the counts of its row, and of those of its members."""
    name, config, run = item
    keras.backend.clear_session()
    trained, clips = learn(config, folder, run, Console(quiet=True))
    right = [np.trace(each.confusion) if each else 0 for each in (trained.figures, trained.fine)]
    counts = {name: np.array([*right, len(trained.division.held_out)])}
    return counts | member_counts(trained, clips, config) if name == WHOLE else counts


def member_counts(trained: Trained, clips: ClipSet, config: ClipConfig) -> dict[str, Counts]:
    """What the others are worth without each member, and each member alone."""
    held_out, batches = trained.division.held_out, Batches(clips, (), config)
    told = np.stack([
        predict(trained.model, batches, held_out, f'fine_member{number}_probabilities')
        for number in range(len(MEMBERS))
    ])  # fmt: skip
    truth = np.array([clips.fine_labels.index(clips.fine[row]) for row in held_out])
    divide = config.options['fine_members']

    def count(members: Sequence[int]) -> Counts:
        voters = [each for each in members if each in divide] or members
        shape = (len(truth), -1, config.options['fine_per_class'])
        labels = told[[*members]].mean(axis=0).reshape(shape).sum(axis=-1)
        votes = told[[*voters]].sum(axis=0).reshape(shape)
        kinds = labels[..., None] * votes / votes.sum(axis=-1, keepdims=True)
        of_label = truth // shape[-1]
        right = (labels.argmax(1) == of_label, kinds.reshape(len(truth), -1).argmax(1) == truth)
        return np.array([*map(np.sum, right), len(truth)])

    numbers = range(len(MEMBERS))
    without = {f'without {name}': count([x for x in numbers if x != n])
               for n, name in enumerate(MEMBERS)}  # fmt: skip
    alone = {f'{name}, alone': count([n]) for n, name in enumerate(MEMBERS)}
    return without | alone


def main(data: Path, runs: Path) -> None:
    """Train what is missing, judge, write the table."""
    console = Console()
    shipped = read_config(CONFIG)
    whole = replace(shipped, epochs=EPOCHS)
    items = [
        (name, replace(config, fold=fold), runs / f'row{number}_fold{fold}')
        for number, (name, config) in enumerate(rows(whole))
        for fold in FOLDS
    ]
    counts: dict[str, Counts] = {}
    with Workers(open_folder, data) as workers:
        found = workers.map(train_fold, items)
        for each in track(found, 'trainings', len(items), console=console):
            for name, some in each.items():
                counts[name] = counts.get(name, 0) + some
    lines = [
        f'{EPOCHS} passes instead of {shipped.epochs}; the {counts[WHOLE][2]} clips of folds '
        f'{", ".join(map(str, FOLDS))}, each by a model that never saw its signer.',
        '',
        '| trained | 14 labels | 28 kinds |',
        '|---|---|---|',
    ]
    for name, (labels, kinds, clips) in counts.items():
        told = f'{kinds / clips:.3f}' if kinds else ''
        lines.append(f'| {name} | {labels / clips:.3f} | {told} |')
    put_tables(CARD, 'ablation', lines)


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else 'runs/world_ablation'))
