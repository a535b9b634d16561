"""How long a model takes for one step: in ONNX Runtime on one core, and in Keras.

    make bench

The Keras model is of the same architecture, with random weights: what `model.predict` costs does
not depend on them. The two take turns in one run, because machines drift.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer
import yaml
from rich.console import Console
from rich.table import Table

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.landmarks import LEFT_HAND, POSE, Points
from sign_recognition.model_contract import ModelContract
from sign_recognition.resources import config_file, model_file
from sign_recognition.stream_statistics import Percentiles

ROUNDS, STEPS = 5, 40

console = Console()


def keras_model(contract: ModelContract) -> Any:
    """The untrained twin of a model, built as its configuration says; None without TensorFlow."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    try:
        from sign_recognition.training import architectures
        from sign_recognition.training.either_hand import read_either_hand
        from sign_recognition.training.second_opinion import SecondOpinion, consult
    except ModuleNotFoundError:
        return None
    config = config_file(f'train/{contract.name}.yaml')
    settings = yaml.safe_load(config.read_text()) if config.is_file() else {}
    options = settings.get('architecture_options', settings.get('options', {}))
    labels = contract.labels
    build = architectures.find(contract.architecture).build
    twin = build(contract.window_frames, len(labels), **options)
    if 'second_opinion' not in settings:
        return twin
    opinion = SecondOpinion.read(settings['second_opinion'], config.parent)
    clips = opinion.clips
    build = architectures.find(clips.arch).build
    asked = build(clips.window_frames, len(labels), **clips.options)
    return consult(
        twin, labels, read_either_hand(asked, labels, (), clips.left_hand), labels, opinion
    )


def probe(contract: ModelContract) -> Points:
    """(T, 75, 3): a right hand that moves."""
    window = np.random.default_rng(0).normal(0.5, 0.1, contract.window_shape).astype(np.float32)
    window[:, LEFT_HAND], window[:, POSE] = np.nan, np.nan
    return window


def time_s(work: Callable[[], object]) -> list[float]:
    """How long each of some calls takes; the first does not count."""
    work()
    durations_s = []
    for _ in range(STEPS):
        began_s = time.perf_counter()
        work()
        durations_s.append(time.perf_counter() - began_s)
    return durations_s


def main(
    model: Annotated[str, typer.Option(help='ONNX file or name of a shipped model.')] = '',
) -> None:
    """Time a step of a model in ONNX Runtime beside Keras."""
    classifier = OnnxClassifier(model_file(model))
    contract = classifier.contract
    window, twin = probe(contract), keras_model(contract)
    ways = {'ONNX Runtime, one core': lambda: classifier(window)}
    if twin is None:
        console.print('Keras is left out: tensorflow is not installed')
    else:
        ways['Keras model.predict, all cores'] = lambda: twin.predict(window[None], verbose=0)
    durations_s: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            durations_s[name] += time_s(work)
    size_mb = classifier.path.stat().st_size / 1e6
    title = f'one step of {contract.name} ({contract.architecture}, {size_mb:.1f} MB)'
    table = Table('', 'p50 ms', 'p95 ms', title=title)
    medians_ms = []
    for name, values in durations_s.items():
        figures = Percentiles.of_seconds(values)
        medians_ms.append(figures.p50_ms)
        table.add_row(name, f'{figures.p50_ms:.2f}', f'{figures.p95_ms:.2f}')
    console.print(table)
    if twin is not None:
        console.print(
            f'{twin.count_params():,} parameters; Keras / ONNX Runtime: '
            f'{medians_ms[1] / medians_ms[0]:.0f}'
        )


if __name__ == '__main__':
    typer.run(main)
