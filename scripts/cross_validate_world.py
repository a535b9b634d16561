"""Cross-validates shrec17_world, and writes the tables and the picture of its card.

    .venv/bin/python scripts/cross_validate_world.py HandGestureDataset_SHREC2017 [RUNS]

trains the five folds of config/train/shrec17_world.yaml into RUNS (runs), a folder each; those that
are finished there are only read, and one that was broken off goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from program import run_program
from sign_recognition.evaluation.clip_figures import ClipFigures, clip_figures
from sign_recognition.training.clip_config import read_config
from sign_recognition.training.pictures import draw_confusion
from tables import put_tables

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'config' / 'train' / 'shrec17_world.yaml'
CARD = ROOT / 'resource' / 'models' / 'shrec17_world.md'
PICTURE = ROOT / 'docs' / 'shrec17_world.png'


def train_fold(data: str, fold: int, run: Path) -> dict[str, Any]:
    """What metrics.json of a fold holds, trained if it has to be."""
    metrics = run / 'metrics.json'
    if not metrics.is_file():
        run_program('train', '--data', data, '--config', CONFIG, '--fold', fold, '--out', run)
    content: dict[str, Any] = json.loads(metrics.read_text(encoding='utf-8'))
    return content


def tables(folds: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the tables."""
    yield from ('| fold | held-out signers | clips | 14 labels | 28 labels | worst signer, 14 |',
                '|---|---|---|---|---|---|')  # fmt: skip
    rows = [each['held_out'] for each in folds]
    fine = [each['held_out_fine']['clip_accuracy'] for each in folds]
    coarse = [each['clip_accuracy'] for each in rows]
    for number, (each, row) in enumerate(zip(folds, rows, strict=True)):
        signers = ', '.join(sorted(each['signers']['held_out'], key=int))
        yield (
            f'| {number} | {signers} | {row["clips"]} | {coarse[number]:.4f} | {fine[number]:.4f} '
            f'| {row["clip_signer_worst"]:.3f} |'
        )
    clips = [row['clips'] for row in rows]
    yield (
        f'| **mean of the folds** | | {sum(clips)} | **{np.mean(coarse):.4f}** '
        f'| **{np.mean(fine):.4f}** | |'
    )
    yield f'| worst fold | | | {min(coarse):.4f} | {min(fine):.4f} | |'
    yield (
        f'| all clips together | | {sum(clips)} | {np.average(coarse, weights=clips):.4f} '
        f'| {np.average(fine, weights=clips):.4f} '
        f'| {min(row["clip_signer_worst"] for row in rows):.3f} |'
    )
    seconds = np.mean([each['training_cpu_s'] for each in folds])
    yield from ('', f'A fold took {seconds:.0f} s of processor time, one thread.', '')
    yield from label_table(all_figures(rows))


def all_figures(rows: Sequence[dict[str, Any]]) -> ClipFigures:
    """The figures of all folds together, from their confusions."""
    labels = rows[0]['labels']
    counts = np.sum([row['confusion'] for row in rows], axis=0)
    pairs = [(s, t) for s, t in np.argwhere(counts) for _ in range(counts[s, t])]
    shown, said = zip(*pairs, strict=True)
    told = np.eye(len(labels), dtype=np.float32)[[*said]]
    return clip_figures([labels[each] for each in shown], told, labels, [''] * len(shown))


def label_table(figures: ClipFigures) -> Iterator[str]:
    """Every label over all folds, and draws their confusion."""
    draw_confusion(PICTURE, figures.labels, figures.confusion)
    yield from ('| label | clips | recall | precision | F1 |', '|---|---|---|---|---|')
    for label, each in figures.classes.items():
        yield (
            f'| {label} | {each.clips} | {each.recall:.3f} | {each.precision:.3f} | {each.f1:.3f} |'
        )


def main() -> None:
    """Train what is missing, and put the tables into the card."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    runs = Path(sys.argv[2]) if len(sys.argv) > 2 else Path('runs')
    folds = read_config(CONFIG).folds
    count = folds if isinstance(folds, int) else len(folds)
    found = [
        train_fold(sys.argv[1], fold, runs / f'shrec17_world_fold{fold}') for fold in range(count)
    ]
    put_tables(CARD, 'folds', tables(found))


if __name__ == '__main__':
    main()
