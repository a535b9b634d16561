"""Cross-validates a model of SHREC'17's clips, and writes the tables and the picture of its card.

    .venv/bin/python scripts/cross_validate_gestures.py world HandGestureDataset_SHREC2017 [RUNS]
    .venv/bin/python scripts/cross_validate_gestures.py camera HandGestureDataset_SHREC2017 [RUNS]

trains the five folds of config/train/shrec17_world.yaml, or of shrec17_camera.yaml, into RUNS
(runs), a folder each; those that are finished there are only read, and one that was broken off goes
on. Through a camera the signers of each fold are then seen in unusual ways, too
(`sign-recognition benchmark robustness`).
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
from sign_recognition.training.export import MODEL_FILE
from sign_recognition.training.fitting import STATE
from sign_recognition.training.pictures import draw_confusion
from sign_recognition.training.run_folder import check_run
from tables import put_tables, robustness_table

ROOT = Path(__file__).parents[1]
VIEWS = ('world', 'camera')


def train_fold(config: Path, data: str, fold: int, run: Path) -> dict[str, Any]:
    """What metrics.json of a fold holds, trained if it has to be.

    Raises:
        ConfigError: the folder holds a run of another configuration.
    """
    metrics = run / 'metrics.json'
    check_run(run, read_config(config, fold=fold), None, STATE)
    if not metrics.is_file():
        run_program('train', '--data', data, '--config', config, '--fold', fold, '--out', run)
    return read(metrics)


def measure_fold(data: str, signers: Sequence[str], run: Path) -> dict[str, Any]:
    """The report of a fold's model before unusual views, measured if it has to be."""
    report = run / 'robustness.json'
    if not report.is_file():
        whom = ('--signers', ','.join(signers))
        run_program('benchmark', 'robustness', '--data', data, '--model', run / MODEL_FILE, *whom,
                    '--report', report)  # fmt: skip
    return read(report)


def read(report: Path) -> dict[str, Any]:
    """What a JSON file holds."""
    content: dict[str, Any] = json.loads(report.read_text(encoding='utf-8'))
    return content


def tables(folds: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the tables of folds and labels."""
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
    figures = all_figures(rows)
    yield from ('| label | clips | recall | precision | F1 |', '|---|---|---|---|---|')
    for label, each in figures.classes.items():
        yield (
            f'| {label} | {each.clips} | {each.recall:.3f} | {each.precision:.3f} | {each.f1:.3f} |'
        )


def unusual_views(reports: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The lines of the table of what is other than usual, all folds together."""
    cells = zip(*(report['cells'] for report in reports), strict=True)
    pooled = ({**same[0], **all_figures(same).to_json()} for same in cells)
    yield from robustness_table(pooled, reports[0]['goal'])


def all_figures(rows: Sequence[dict[str, Any]]) -> ClipFigures:
    """The figures of all folds together, from their confusions."""
    labels = rows[0]['labels']
    counts = np.sum([row['confusion'] for row in rows], axis=0)
    pairs = [(s, t) for s, t in np.argwhere(counts) for _ in range(counts[s, t])]
    shown, said = zip(*pairs, strict=True)
    told = np.eye(len(labels), dtype=np.float32)[[*said]]
    return clip_figures([labels[each] for each in shown], told, labels, [''] * len(shown))


def main() -> None:
    """Train and measure what is missing, and put the tables into the card."""
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in VIEWS:
        sys.exit(__doc__)
    name, data = f'shrec17_{sys.argv[1]}', sys.argv[2]
    runs = Path(sys.argv[3]) if len(sys.argv) > 3 else Path('runs')
    config = ROOT / 'config' / 'train' / f'{name}.yaml'
    card = ROOT / 'resource' / 'models' / f'{name}.md'
    division = read_config(config).folds
    count = division if isinstance(division, int) else len(division)
    folders = [runs / f'{name}_fold{fold}' for fold in range(count)]
    folds = [train_fold(config, data, fold, run) for fold, run in enumerate(folders)]
    put_tables(card, 'folds', tables(folds))
    figures = all_figures([each['held_out'] for each in folds])
    draw_confusion(ROOT / 'docs' / f'{name}.png', figures.labels, figures.confusion)
    if sys.argv[1] == 'camera':
        views = [
            measure_fold(data, each['signers']['held_out'], run)
            for each, run in zip(folds, folders, strict=True)
        ]
        put_tables(card, 'views', unusual_views(views))


if __name__ == '__main__':
    main()
