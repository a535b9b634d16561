"""`sign-recognition calibrate`: thresholds for a bound on false events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from sign_recognition.commands.benchmark import (
    Cache,
    Data,
    Signers,
    progress,
    read_people,
)
from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import Model
from sign_recognition.native_output import load_quietly

# The camera that is calibrated for, and streams other than those of the benchmark (seed 0).
_RATE_HZ = 30.0
_SEED = 1
_SHOWN = (
    'detection_rate', 'false_positive_ratio', 'event_jaccard', 'delay_after_end_p50_s',
    'idle_false_per_hour', 'talking_false_per_hour', 'footage_false_per_hour',
)  # fmt: skip


def calibrate(
    data: Data,
    max_false_per_hour: Annotated[
        float,
        typer.Option(min=0, help='False events that an hour of idle hands may hold.'),
    ],
    model: Model = '',
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help='Model file to write; by default the model itself.'),
    ] = None,
    signers: Signers = '',
    streams: Annotated[int, typer.Option(min=1, help='With nine gestures each.')] = 56,
    idle_minutes: Annotated[float, typer.Option(min=1, help='Of idle hands.')] = 60.0,
    cache: Cache = None,
) -> None:
    """Choose a model's thresholds by a bound on false events, and write them into its file.

    Figures in it that were measured with the old thresholds go.
    """
    with one_error():
        load_quietly('sign_recognition.benchmark.people')
        from rich.console import Console

        from sign_recognition.benchmark.calibration import choose
        from sign_recognition.benchmark.online import judge_in_parallel
        from sign_recognition.benchmark.streams import Plan, make_streams
        from sign_recognition.evaluation.words import figure_name, figure_text
        from sign_recognition.training.export import rewrite_contract

        console = Console()
        check_folders(out=out)
        classifier, people = read_people(model, data, signers, cache, console)
        plan = Plan((_RATE_HZ,), streams, idle_minutes, idle_minutes / 4, 4, _SEED)
        made = list(make_streams(people, plan))
        judging = judge_in_parallel(made, classifier.path)
        judged = list(progress(judging, 'streams', console, len(made)))
        choice = choose(
            judged,
            max_false_per_hour,
            lambda each, count: progress(each, 'thresholds', console, count),
            classifier.contract.decision.label_dwell_s,
        )
        written = out or classifier.path
        contract = replace(
            classifier.contract,
            decision=choice.thresholds,
            metrics=_without_thresholds(classifier.contract.metrics),
        )
        rewrite_contract(classifier.path, contract, written)
        for name, value in asdict(choice.thresholds).items():
            console.print(f'{name}: {value}', highlight=False)
        for name in _SHOWN:
            value = figure_text(name, choice.figures[name])
            console.print(f'{figure_name(name)}: {value}', highlight=False)
        console.print(f'wrote {written}', highlight=False, soft_wrap=True)


def _without_thresholds(metrics: Mapping[str, float]) -> dict[str, float]:
    """The figures of single clips: of those alone no threshold decides."""
    return {name: value for name, value in metrics.items() if name.startswith('clip_')}
