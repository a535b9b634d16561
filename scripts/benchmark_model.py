"""Runs the benchmarks on the shipped live model, and writes the tables and pictures of its card.

    .venv/bin/python scripts/benchmark_model.py [DATA] [SIGNERS]

DATA holds shrec17/ and video/; by default shared/data beside the checkout. SIGNERS (4,9,...) is
needed for a model that does not say whom it never saw. It takes half an hour on two cores.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from program import run_program
from sign_recognition.evaluation.words import figure_name, figure_text
from sign_recognition.training.pictures import draw_confusion
from tables import put_tables, robustness_table

ROOT = Path(__file__).parents[1]
CARD = ROOT / 'resource' / 'models' / 'shrec17_live.md'
CONFUSION = ROOT / 'docs' / 'shrec17_live.png'
PICTURE = ROOT / 'docs' / 'robustness.png'
MOST_CAUSES = 24


def benchmark(kind: str, data: Path, signers: str, *outputs: object) -> None:
    """Run the command."""
    run_program('benchmark', kind, '--data', data, '--signers', signers, *outputs)


def text(name: str, value: float | None) -> str:
    """A figure of a report."""
    return figure_text(name, math.nan if value is None else value)


def online_lines(report: dict[str, Any]) -> Iterator[str]:
    """The tables of the streams."""
    rates, model = report['rates'], report['model']
    hours = ', '.join(f'{group} {value:.1f} h' for group, value in report['hours'].items())
    yield (
        f'Model `{model["name"]}` (sha256 {model["sha256"]}), signers '
        f'{", ".join(report["signers"])}, seed {report["plan"]["seed"]}; {hours}.'
    )
    yield from ('', f'| streams | all | {" | ".join(f"{hz} Hz" for hz in rates)} | goal |')
    yield '|---' * (len(rates) + 3) + '|'
    for name, value in report['figures'].items():
        cells = ' | '.join(text(name, each[name]) for each in rates.values())
        goal = text(name, report['goals'][name]) if name in report['goals'] else ''
        yield f'| {figure_name(name)} | {text(name, value)} | {cells} | {goal} |'
    yield from ('', '| performed by | found | false events per gesture | delay, median |')
    yield '|---|---|---|---|'
    for name, part in report['slices'].items():
        cells = ('detection_rate', 'false_positive_ratio', 'delay_after_end_p50_s')
        yield f'| {name} | ' + ' | '.join(text(each, part[each]) for each in cells) + ' |'
    yield from ('', '| gesture | shown | found | false | told instead |', '|---|---|---|---|---|')
    for label, row in report['gestures'].items():
        instead = most({k: n for k, n in report['confusion'].get(label, {}).items() if k != label})
        counts = f'{row["shown"]} | {row["found"]} | {row["false"]}'
        yield f'| {label} | {counts} | {instead} |'
    yield from ('', '| streams | false events come from | count | per hour of it | told |')
    yield '|---|---|---|---|---|'
    for cause in report['causes'][:MOST_CAUSES]:
        count = sum(cause['labels'].values())
        an_hour = f'{count / cause["hours"]:.0f}' if cause['hours'] else ''
        movement = f'{cause["group"]} | {cause["movement"]}'
        yield f'| {movement} | {count} | {an_hour} | {most(cause["labels"])} |'


def most(counts: dict[str, int]) -> str:
    """The largest of some counts."""
    largest = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    return ', '.join(f'{name} {counts[name]}' for name in largest[:3])


def main() -> None:
    """Run both, and put the tables into the card."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / 'shared' / 'data'
    signers = sys.argv[2] if len(sys.argv) > 2 else ''
    with tempfile.TemporaryDirectory() as name:
        online, robustness = Path(name) / 'online.json', Path(name) / 'robustness.json'
        benchmark('online', data, signers, '--report', online)
        benchmark('robustness', data, signers, '--report', robustness, '--picture', PICTURE)
        unusual = json.loads(robustness.read_text())
        usual = unusual['cells'][0]
        draw_confusion(CONFUSION, usual['labels'], np.array(usual['confusion']))
        lines = [
            *online_lines(json.loads(online.read_text())),
            '',
            *robustness_table(unusual['cells'], unusual['goal']),
        ]
    put_tables(CARD, 'benchmarks', lines)


if __name__ == '__main__':
    main()
