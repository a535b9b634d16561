"""Trains parts of the live model for a few passes, and writes the table that compares them.

    .venv/bin/python scripts/ablate_live.py DATA [RUNS]

Each row is a training of config/train/shrec17_live.yaml with some entries changed, five passes over
the same 1,600 streams, into a folder of its own under RUNS (runs/ablation); those that are finished
there are only read, one that was broken off goes on, and one of another recipe is refused. All are
judged by the same windows of signers whom none of them saw. It takes three quarters of an hour on
two cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.progress import track

from program import run_program
from sign_recognition.atomic import write_whole
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.training.calibrate import pad_hands
from sign_recognition.training.export import MODEL_FILE
from sign_recognition.training.foreign import real_hands
from sign_recognition.training.stream_config import StreamConfig
from sign_recognition.training.stream_data import read_material
from sign_recognition.training.windows import Windows, WindowSource
from tables import put_tables

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'config' / 'train' / 'shrec17_live.yaml'
CARD = ROOT / 'resource' / 'models' / 'shrec17_live.md'
# Few passes over streams that stay, so that a row takes minutes. Of the held-out streams that a run
# scores at its end nothing is read here; what comes after the passes would be the same in each row.
SHORT = {
    'epochs': 5, 'fresh_streams': 0, 'scored_streams': 2,
    'refinement': None, 'second_opinion': None,
}  # fmt: skip
# Of so many streams of people, and of so much footage, the windows are named.
STREAMS = 220
SEED = 5
FEWER_PEOPLE = ['7', '13', '19', '25']


def rows(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each row is called, and the entries of the configuration that it changes."""
    members = config['architecture_options']['members']
    yield 'all four', {}
    yield 'the two of 3 s', {'architecture_options': {'members': members[:2]}}
    yield 'the two of 6 s', {'architecture_options': {'members': members[2:]}}
    described, plain = (
        {
            'architecture': each['arch'],
            'architecture_options': each['options'],
            'window_frames': each['frames'],
        }
        for each in members[:2]
    )
    yield '`conv_attention` of 3 s alone', described
    yield 'coordinates of 3 s alone', plain
    moving = {**plain['architecture_options'], 'motion': [2, 6]}
    yield 'coordinates with motion', {**plain, 'architecture_options': moving}
    yield 'coordinates, no foreign footage', {
        **plain, 'foreign_streams': 0, 'foreign_asl8_clips': 0,
    }  # fmt: skip
    yield 'coordinates, 12 people instead of 16', {
        **plain, 'held_out_signers': [*config['held_out_signers'], *FEWER_PEOPLE],
    }  # fmt: skip


def train_row(config: dict[str, Any], data: Path, run: Path) -> OnnxClassifier:
    """The model of a row, trained if it has to be.

    Raises:
        ValueError: the run is of another recipe; names its folder.
    """
    path, recipe, text = run / MODEL_FILE, run / 'recipe.yaml', yaml.safe_dump(config)
    if recipe.is_file() and recipe.read_text(encoding='utf-8') != text:
        raise ValueError(f'{run}: a run of another recipe; give another folder, or remove it')
    if not path.is_file():
        run.mkdir(parents=True, exist_ok=True)
        # The hands of the footage are tracked once, not for each row.
        if not (run / 'material').exists():
            (run / 'material').symlink_to('../material')
        write_whole(recipe, text)
        run_program('train', '--data', data, '--config', recipe, '--out', run)
    return OnnxClassifier(path)


def judge(model: OnnxClassifier, windows: Windows, console: Console) -> tuple[float, float]:
    """Share of the windows that are named, and the mean log loss; of each its newest frames."""
    labels, frames = model.contract.labels, model.contract.window_frames
    named, losses = [], []
    pairs = zip(pad_hands(windows.points[:, -frames:]), windows.labels, strict=True)
    total = len(windows.labels)
    for window, label in track(pairs, 'windows', total, console=console, transient=True):
        probabilities = model(window)
        truth = labels.index(label)
        named.append(probabilities.argmax() == truth)
        losses.append(-np.log(max(float(probabilities[truth]), 1e-9)))
    return float(np.mean(named)), float(np.mean(losses))


def main(data: Path, runs: Path) -> None:
    """Train what is missing, judge, write the table."""
    console = Console()
    recipe = {**yaml.safe_load(CONFIG.read_text(encoding='utf-8')), **SHORT}
    config = StreamConfig.read(CONFIG)
    material = read_material(config, data, runs / 'material', console)
    hands = real_hands(material.foreign)
    others, known_people = (
        WindowSource(takes, hands, material.held_out_foreign, config.rate_hz, config.window_frames)
        for takes in (material.held_out_takes, material.takes)
    )
    held_out, trained_on, footage = (
        make(STREAMS, np.random.default_rng(SEED))
        for make in (others.own, known_people.own, others.foreign)
    )
    lines = [
        f'{len(held_out.labels)} windows of signers {", ".join(config.held_out_signers)}, '
        f'{len(trained_on.labels)} of new streams of the 16 others, {len(footage.labels)} of '
        f'held-out footage; {SHORT["epochs"]} passes over {config.streams} streams.',
        '',
        '| trained | held-out people: named | log loss | the 16: named | footage: `none` |',
        '|---|---|---|---|---|',
    ]
    for number, (name, changes) in enumerate(rows(recipe)):
        model = train_row({**recipe, **changes}, data, runs / str(number))
        (own, loss), (known, _), (none, _) = (
            judge(model, windows, console) for windows in (held_out, trained_on, footage)
        )
        lines.append(f'| {name} | {own:.3f} | {loss:.3f} | {known:.3f} | {none:.3f} |')
        console.print(lines[-1])
    put_tables(CARD, 'ablation', lines)


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else 'runs/ablation'))
