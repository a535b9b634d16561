"""Benchmarks as JSON, as tables in the terminal, and as pages and pictures.

The same model and data give the same text to the last byte: nothing of when or where it was made
is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from rich.table import Table

from sign_recognition.atomic import whole_file
from sign_recognition.benchmark import online
from sign_recognition.benchmark.online import Cause, Judged, causes, figures, meets, slices
from sign_recognition.benchmark.people import People
from sign_recognition.benchmark.robustness import GOAL, Cell
from sign_recognition.benchmark.streams import GESTURES, Plan
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.decision import DecisionThresholds
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.evaluate import Evaluation, ModelResult
from sign_recognition.evaluation.evaluate import Judged as JudgedRecording
from sign_recognition.evaluation.html import sections
from sign_recognition.evaluation.recordings import Recorded
from sign_recognition.evaluation.report import plain
from sign_recognition.evaluation.words import figure_name, figure_text
from sign_recognition.pixels import PixelArray
from sign_recognition.web_page import web_page

_MOST_CAUSES = 24


@dataclass(frozen=True)
class OnlineResult:
    """An online benchmark.

    Attributes:
        model: its name.
        digest: the beginning of the file's SHA-256.
        thresholds: with which it was run.
        people: who was looked at.
        plan: how much.
        judged: every stream.
    """

    model: str
    digest: str
    thresholds: DecisionThresholds
    people: People
    plan: Plan
    judged: Sequence[Judged]

    def at_rate(self, rate_hz: float) -> list[Judged]:
        """The streams of one rate."""
        return [each for each in self.judged if each.stream.rate_hz == rate_hz]


def online_report(result: OnlineResult) -> dict[str, Any]:
    """Everything, for scripts; null where nothing speaks of a figure."""
    gestures = _outcomes(result)
    content = {
        'format': 'sign_recognition online benchmark 1',
        'model': {'name': result.model, 'sha256': result.digest},
        'thresholds': asdict(result.thresholds),
        'signers': [*result.people.takes],
        'footage': sorted({each.source for each in result.people.footage}),
        'plan': asdict(result.plan),
        'goals': online.GOALS,
        'figures': figures(result.judged),
        'rates': {f'{hz:g}': figures(result.at_rate(hz)) for hz in result.plan.rates_hz},
        'slices': {name: figures(part) for name, part in slices(result.judged).items()},
        'gestures': {
            label: {**asdict(row), 'recall': row.recall, 'precision': row.precision}
            for label, row in metrics.by_label(gestures).items()
        },
        'confusion': metrics.confusion(gestures),
        'causes': [asdict(cause) for cause in causes(result.judged)],
        'hours': {
            group: sum(e.outcome.duration_s for e in result.judged if e.stream.group == group)
            / 3600
            for group in sorted({each.stream.group for each in result.judged})
        },
    }
    rounded: dict[str, Any] = plain(content)
    return rounded


def online_tables(result: OnlineResult) -> list[Table]:
    """The figures by rate beside their goals; the gestures; where false events come from."""
    return [_figures_table(result), _gestures_table(result), _causes_table(causes(result.judged))]


def _outcomes(result: OnlineResult) -> list[metrics.Outcome]:
    return [each.outcome for each in result.judged if each.stream.group == GESTURES]


def _figures_table(result: OnlineResult) -> Table:
    columns = [figures(result.judged), *map(figures, map(result.at_rate, result.plan.rates_hz))]
    table = Table(title=f'streams: {result.model}', title_justify='left')
    for heading in ('', 'all', *(f'{hz:g} Hz' for hz in result.plan.rates_hz), 'goal'):
        table.add_column(heading, justify='right' if heading else 'left')
    for name in online.FIGURES:
        colour = {True: 'green', False: 'red', None: ''}[meets(name, columns[0][name])]
        cells = [figure_text(name, each[name]) for each in columns]
        if colour:
            cells[0] = f'[{colour}]{cells[0]}[/{colour}]'
        goal = figure_text(name, online.GOALS[name]) if name in online.GOALS else ''
        table.add_row(figure_name(name), *cells, goal)
    return table


def _gestures_table(result: OnlineResult) -> Table:
    table = Table(title='gesture by gesture', title_justify='left')
    for heading in ('', 'shown', 'found', 'false', 'recall', 'told instead'):
        table.add_column(heading, justify='left' if heading in ('', 'told instead') else 'right')
    outcomes = _outcomes(result)
    confusion = metrics.confusion(outcomes)
    for label, row in metrics.by_label(outcomes).items():
        told = {name: n for name, n in confusion.get(label, {}).items() if n and name != label}
        worst = sorted(told, key=lambda name: -told[name])[:3]
        counts = map(str, (row.shown, row.found, row.false))
        instead = ', '.join(f'{name} {told[name]}' for name in worst)
        table.add_row(label, *counts, figure_text('', row.recall), instead)
    return table


def _causes_table(found: Sequence[Cause]) -> Table:
    table = Table(title='where false events come from', title_justify='left')
    for heading in ('streams', 'movement', 'false', 'an hour of it', 'told'):
        is_number = heading in ('false', 'an hour of it')
        table.add_column(heading, justify='right' if is_number else 'left')
    for cause in found[:_MOST_CAUSES]:
        an_hour = f'{cause.count / cause.hours:.0f}' if cause.hours else '–'
        worst = sorted(cause.labels.items(), key=lambda item: -item[1])[:4]
        told = ', '.join(f'{label} {count}' for label, count in worst)
        table.add_row(cause.group, cause.movement, str(cause.count), an_hour, told)
    return table


def online_page(result: OnlineResult, rate_hz: float) -> str:
    """The figures, and the streams with gestures of one rate, as an HTML file."""
    parts = ['<h1>Streams of people that the model never saw</h1>']
    parts += [f'<section>{_html(table)}</section>' for table in online_tables(result)]
    parts.append(f'<h1>The streams with gestures at {rate_hz:g} Hz</h1>')
    chosen = [each for each in result.at_rate(rate_hz) if each.stream.group == GESTURES]
    recordings = tuple(_as_recording(each) for each in chosen)
    outcomes = tuple(each.outcome for each in chosen)
    model = ModelResult(result.model, result.digest, outcomes[0].labels, outcomes)
    return web_page('Online benchmark', [*parts, *sections(Evaluation(recordings, (model,), ()))])


def _html(table: Table) -> str:
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    heads = ''.join(f'<th>{escape(str(column.header))}</th>' for column in table.columns)
    rows = ''.join(
        '<tr>' + ''.join(f'<td>{_html_cell(cell)}</td>' for cell in row) + '</tr>'
        for row in zip(*columns, strict=True)
    )
    return (
        f'<h3>{escape(str(table.title))}</h3><table><thead><tr>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table>'
    )


def _html_cell(text: str) -> str:
    """The colours of the terminal as those of the page."""
    text = escape(text)
    for colour, kind in (('green', 'good'), ('red', 'bad')):
        text = text.replace(f'[{colour}]', f'<b class="{kind}">').replace(f'[/{colour}]', '</b>')
    return text


class _StreamRecording:
    """A stream as the evaluation's page wants a recording; it has no pictures."""

    def __init__(self, name: str) -> None:
        self.name = name

    def pictures(self, stamps_ns: object) -> dict[int, PixelArray]:
        return {}


def _as_recording(judged: Judged) -> JudgedRecording:
    stream = judged.stream
    return JudgedRecording(
        _StreamRecording(stream.name), Recorded(stream.film(), stream.truth), stream.truth,
        (judged.outcome,),
    )  # fmt: skip


def robustness_report(
    classifier: OnnxClassifier, signers: Sequence[str], seed: int, cells: Sequence[Cell]
) -> dict[str, Any]:
    """Everything, for scripts."""
    content = {
        'format': 'sign_recognition robustness benchmark 2',
        'model': {'name': classifier.contract.name, 'sha256': classifier.digest()},
        'signers': signers,
        'seed': seed,
        'goal': GOAL,
        'cells': [{**asdict(cell.condition), **cell.figures.to_json()} for cell in cells],
    }
    rounded: dict[str, Any] = plain(content)
    return rounded


def robustness_table(name: str, cells: Sequence[Cell]) -> Table:
    """A row for each condition."""
    table = Table(title=f'accuracy of clips: {name} (goal {GOAL:.0%})', title_justify='left')
    for heading in ('', '', 'accuracy', 'worst gestures'):
        table.add_column(heading, justify='right' if heading == 'accuracy' else 'left')
    for cell in cells:
        worst = sorted(cell.by_label.items(), key=lambda item: item[1])[:3]
        accuracy = cell.figures.accuracy
        colour = 'green' if accuracy >= GOAL else 'red'
        table.add_row(
            cell.condition.group,
            cell.condition.level,
            f'[{colour}]{accuracy:.1%}[/{colour}]',
            ', '.join(f'{label} {share:.0%}' for label, share in worst),
        )
    return table


def robustness_picture(name: str, cells: Sequence[Cell], path: Path) -> None:
    """Bars of the accuracies, as a PNG for a model card.

    Raises:
        OSError: it cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 0.27 * len(cells) + 1.0), layout='constrained')
    axes = figure.subplots()
    names = [f'{cell.condition.group} {cell.condition.level}'.strip() for cell in cells]
    shares = [100 * cell.figures.accuracy for cell in cells]
    colours = ['#2f6fb5' if share >= 100 * GOAL else '#c62f39' for share in shares]
    bars = axes.barh(range(len(cells)), shares, color=colours, height=0.7)
    axes.bar_label(bars, [f'{share:.1f}' for share in shares], padding=3, fontsize=8)
    axes.axvline(100 * GOAL, color='#66727f', linewidth=1, linestyle='--')
    axes.set_yticks(range(len(cells)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 106)
    axes.set_xlabel('clips named rightly, %')
    axes.set_title(f'{name}: one thing other than usual', fontsize=10)
    axes.spines[['top', 'right']].set_visible(False)
    # No date and no version of the software in the file: the same figures give the same file.
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, format='png', dpi=110, metadata={'Software': None})
