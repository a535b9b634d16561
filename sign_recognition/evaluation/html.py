"""An evaluation as one HTML file that needs nothing beside it: no script, no font, no network."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape

import cv2

from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation import charts, metrics
from sign_recognition.evaluation.evaluate import Evaluation, Judged, ModelResult
from sign_recognition.evaluation.events import LATEST_START_S
from sign_recognition.evaluation.metrics import BETTER
from sign_recognition.evaluation.moments import Moment, pictures, worst_moments
from sign_recognition.evaluation.words import comparison_text, figure_name, figure_text
from sign_recognition.pixels import PixelArray
from sign_recognition.web_page import heat_cell, web_page

_MOMENTS = 12
_MOMENT_MARGIN_S = 1.2
# Longer recordings continue on the next line.
_LINE_S = (6.0, 30.0)
_MOST_LINES = 240


def page(evaluation: Evaluation) -> str:
    """The whole file.

    Raises:
        OSError: a recording can no longer be read for its images.
    """
    return web_page('Gesture evaluation', ['<h1>Gesture evaluation</h1>', *sections(evaluation)])


def sections(evaluation: Evaluation) -> list[str]:
    """The parts of the page's body, without its heading; raises as `page`."""
    parts = [_head(evaluation), _figures(evaluation)]
    for model in evaluation.models:
        parts += _model(evaluation, model)
    return parts + _timelines(evaluation)


def _head(evaluation: Evaluation) -> str:
    known = [each for each in evaluation.recordings if each.known]
    outcomes = [each.outcomes[0] for each in known]
    minutes = sum(each.duration_s for each in outcomes) / 60
    names = ', '.join(f'{each.name} ({each.digest})' for each in evaluation.models)
    lines = [
        f'Recordings: {len(known)}, of {minutes:.1f} minutes. Gestures performed: '
        f'{metrics.shown_count(outcomes)}. Model: {escape(names)}.'
    ]
    if evaluation.foreign:
        foreign = escape(', '.join(evaluation.foreign))
        lines.append(f'No model knows {foreign}: there it must stay silent.')
    unknown = [each.recording.name for each in evaluation.recordings if not each.known]
    if unknown:
        lines.append(f'Without truth, and in no figure: {escape(", ".join(unknown))}.')
    cut = [r.recording.name for r in evaluation.recordings if not r.recorded.complete]
    if cut:
        lines.append(f'Read up to where they are cut: {escape(", ".join(cut))}.')
    return ''.join(f'<p class="dim">{line}</p>' for line in lines)


def _figures(evaluation: Evaluation) -> str:
    columns = [metrics.figures(each.outcomes) for each in evaluation.models]
    if len(columns) == 1:
        tiles = ''.join(
            f'<div class="tile"><span class="dim">{figure_name(name)}</span>'
            f'<b>{figure_text(name, value)}</b></div>'
            for name, value in columns[0].items()
        )
        return f'<div class="tiles">{tiles}</div>'
    heads = ''.join(f'<th>{escape(each.name)}</th>' for each in evaluation.models)
    rows = ''.join(
        f'<tr><td>{figure_name(name)}</td>{_compared(name, [each[name] for each in columns])}</tr>'
        for name in BETTER
    )
    texts = ''.join(
        f'<p>{escape(each)}</p>' for each in map(comparison_text, evaluation.comparisons)
    )
    return (
        '<h2>The models side by side</h2><section><table><thead><tr><th></th>'
        f'{heads}</tr></thead><tbody>{rows}</tbody></table>{texts}</section>'
    )


def _compared(name: str, values: Sequence[float]) -> str:
    """Cells of one figure; the best value is green, and what is worse than it is not."""
    known = [BETTER[name] * v for v in values if not math.isnan(v)]
    best = max(known, default=math.nan)
    unequal = bool(known) and min(known) < best
    return ''.join(
        f'<td class="{"good" if unequal and BETTER[name] * v == best else ""}">'
        f'{figure_text(name, v)}</td>'
        for v in values
    )


def _model(evaluation: Evaluation, model: ModelResult) -> list[str]:
    """All that is about one model alone."""
    title = f': {escape(model.name)}' if len(evaluation.models) > 1 else ''
    calibration = metrics.reliability(model.outcomes)
    return [
        f'<h2>Gesture by gesture{title}</h2>',
        f'<section>{_label_table(model)}</section>',
        f'<h2>What was told instead{title}</h2><div class="row"><section>',
        f'{_matrix(model)}</section><section><h3>Are the scores probabilities?</h3>',
        charts.reliability_diagram(calibration),
        f'<p class="dim">Calibration error {figure_text("calibration_error", calibration.error)}'
        f' over {int(calibration.counts.sum())} steps.</p></section></div>',
        *_moments(evaluation, model, title),
    ]


def _label_table(model: ModelResult) -> str:
    jaccard = metrics.jaccard_by_label(model.outcomes)
    rows = ''.join(
        f'<tr><td>{_dot(label, model.labels)}{escape(label)}</td><td>{row.shown}</td>'
        f'<td>{row.found}</td><td>{row.false}</td>'
        + ''.join(f'<td>{_share_bar(share)}</td>' for share in (row.recall, row.precision, row.f1))
        + f'<td>{_number(jaccard.get(label, math.nan))}</td></tr>'
        for label, row in metrics.by_label(model.outcomes).items()
    )
    heads = ''.join(
        f'<th>{name}</th>'
        for name in ('', 'shown', 'found', 'false', 'recall', 'precision', 'F1', 'Jaccard')
    )
    return f'<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _share_bar(share: float) -> str:
    width = 0 if math.isnan(share) else round(share * 100)
    return f'{_number(share)}<span class="bar"><i style="width:{width}%"></i></span>'


def _number(value: float) -> str:
    return '–' if math.isnan(value) else f'{value:.2f}'


def _matrix(model: ModelResult) -> str:
    cells = metrics.confusion(model.outcomes)
    columns = next(iter(cells.values()))
    heads = ''.join(f'<th>{escape(label)}</th>' for label in columns)
    rows = ''.join(
        f'<tr><td>{escape(performed)}</td>'
        + ''.join(_cell(performed, told, count, row) for told, count in row.items())
        + '</tr>'
        for performed, row in cells.items()
    )
    return (
        f'<table class="matrix"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody>'
        '</table><p class="dim">Rows: performed. Columns: told.</p>'
    )


def _cell(performed: str, told: str, count: int, row: dict[str, int]) -> str:
    if performed == told == NONE_LABEL:
        return '<td class="dim">·</td>'
    if not count:
        return '<td></td>'
    silent_rightly = told == NONE_LABEL and performed not in row
    right = performed == told or silent_rightly
    return heat_cell(str(count), count / sum(row.values()), right)


def _moments(evaluation: Evaluation, model: ModelResult, title: str) -> list[str]:
    chosen = worst_moments(evaluation, model, _MOMENTS)
    if not chosen:
        return []
    cards = [
        _moment_card(moment, picture, model)
        for moment, picture in zip(chosen, pictures(chosen), strict=True)
    ]
    return [
        f'<h2>The worst moments{title}</h2>',
        '<p class="dim">The image at the end of a missed stroke, or at which a false event was '
        "told; the lines are the palm's way there, of a false event for the last second. What is "
        'missed with a hand in few images was missed by the tracker.</p>',
        f'<div class="moments">{"".join(cards)}</div>',
    ]


def _moment_card(moment: Moment, picture: PixelArray, model: ModelResult) -> str:
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    data = base64.b64encode(encoded.tobytes()).decode()
    kind, colour = ('missed', '#66727f') if moment.missed else ('false', '#c62f39')
    score = 'its score came to' if moment.missed else 'score'
    share = moment.hand_seen
    seen = 'no image' if math.isnan(share) else f'a hand in {share:.0%} of its images'
    begin_s = moment.begins_s - _MOMENT_MARGIN_S
    chart = charts.timeline(moment.outcome, begin_s, moment.at_s + _MOMENT_MARGIN_S, width_px=330)
    return (
        f'<div class="moment"><img alt="{kind} {escape(moment.label)}" '
        f'src="data:image/jpeg;base64,{data}"/>'
        f'<div><span class="tag" style="background:{colour}">{kind}</span>'
        f'<b>{escape(moment.label)}</b>, {score} {moment.score:.2f}'
        f'<br/><span class="dim">{escape(moment.judged.recording.name)} at {moment.at_s:.2f} s, '
        f'{seen}</span>{chart}</div></div>'
    )


def _timelines(evaluation: Evaluation) -> list[str]:
    """Every recording, its models below each other, as many as the page can bear."""
    parts = [
        '<h2>The recordings</h2>',
        '<p class="dim">Dashed red: missed. Red around: false. The upright mark is when an event '
        'was told; it counts from the beginning of the stroke to '
        f'{LATEST_START_S:g} s after its end. Below: the scores.</p>',
        f'<p>{_legend(evaluation)}</p>',
    ]
    room = _MOST_LINES
    for judged in evaluation.recordings:
        lines = _lines(judged.outcomes[0].duration_s)
        room -= len(lines) * len(judged.outcomes)
        if room >= 0:
            parts.append(_recording(evaluation, judged, lines))
        else:
            parts.append(f'<p class="dim">{escape(judged.recording.name)}: left out, too long.</p>')
    return parts


def _recording(evaluation: Evaluation, judged: Judged, lines: Iterable[tuple[float, float]]) -> str:
    latency = '; '.join(
        f'{stage.replace("_", " ")} {figures.p50_ms:.0f} ms (p95 {figures.p95_ms:.0f} ms)'
        for stage, figures in judged.recorded.latency_ms.items()
    )
    parts = [f'<section><h3>{escape(judged.recording.name)}</h3>']
    if latency:
        parts.append(f'<p class="dim">Age of the images when recorded: {escape(latency)}.</p>')
    for begin_s, end_s in lines:
        for model, outcome in zip(evaluation.models, judged.outcomes, strict=True):
            if len(evaluation.models) > 1:
                parts.append(f'<div class="dim">{escape(model.name)}</div>')
            parts.append(charts.timeline(outcome, begin_s, end_s, judged.known))
    return ''.join(parts) + '</section>'


def _lines(duration_s: float) -> list[tuple[float, float]]:
    shortest_s, longest_s = _LINE_S
    line_s = min(max(duration_s, shortest_s), longest_s)
    count = max(1, math.ceil(duration_s / line_s - 1e-9))
    return [(n * line_s, (n + 1) * line_s) for n in range(count)]


def _legend(evaluation: Evaluation) -> str:
    told: set[str] = set()
    for outcome in (each for judged in evaluation.recordings for each in judged.outcomes):
        told |= {each.label for each in outcome.truth}
        told |= {each.label for each in outcome.detections}
    labels = evaluation.models[0].labels
    return ' '.join(
        f'<span style="white-space:nowrap">{_dot(label, labels)}{escape(label)}</span>'
        for label in labels
        if label in told
    )


def _dot(label: str, labels: Sequence[str]) -> str:
    return f'<span class="dot" style="background:{charts.colour_of(label, labels)}"></span>'
