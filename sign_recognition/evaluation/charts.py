"""Charts of an evaluation as SVG, to stand inside an HTML page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import Detection, Interval
from sign_recognition.evaluation.metrics import Outcome, Reliability

WIDTH_PX = 1000
INK, DIM, LINE, RED, BLUE, PAPER = '#1d2733', '#66727f', '#dde3ea', '#c62f39', '#2f6fb5', '#f6f8fa'
# Twenty colours that are told apart (D3's category20, strong ones first).
_COLOURS = (
    '#1f77b4', '#ff7f0e', '#2ca02c', '#9467bd', '#8c564b', '#e377c2', '#17a2b8', '#bcbd22',
    '#d6604d', '#5e81ac', '#b8860b', '#6b8e23', '#7b4fa3', '#3f7f7f', '#a0522d', '#c71585',
    '#4682b4', '#808000', '#cd853f', '#556b2f',
)  # fmt: skip
_LANE_PX = 22
_CURVES_PX = 84
_AXIS_PX = 18
_NAMES_PX = 62
# Of a letter in a lane, about.
_LETTER_PX = 7.5
_SAMPLE_S = 0.05
# A score that stays below this draws no curve.
_LEAST_SCORE = 0.15


def colour_of(label: str, labels: Sequence[str]) -> str:
    """The colour of a gesture, the same in every chart."""
    return _COLOURS[labels.index(label) % len(_COLOURS)] if label in labels else DIM


def timeline(
    outcome: Outcome, begin_s: float, end_s: float, known: bool = True, width_px: int = WIDTH_PX
) -> str:
    """A stretch of a recording: truth, events and score curves above each other.

    Args:
        outcome: what a model made of the recording.
        begin_s: where the stretch begins, seconds since the first image.
        end_s: where it ends.
        known: the truth is known; else there is no lane for it, and no event is false.
        width_px: of the chart.
    """
    axis = _Axis(begin_s, end_s, _NAMES_PX, width_px - 18)
    lanes = 2 if known else 1
    height = lanes * _LANE_PX + _CURVES_PX + _AXIS_PX + 10
    top = lanes * _LANE_PX + 6
    parts = [_grid(axis, height - _AXIS_PX, top, lanes)]
    if known:
        missed = {id(each) for each in metrics.missed(outcome)}
        performed = [*outcome.truth, *outcome.foreign]
        kinds = ['missed' if id(each) in missed else 'right' for each in performed]
        parts += _lane(axis, performed, kinds, 2, outcome.labels)
    false = set(outcome.match.false) if known else set()
    kinds = ['false' if n in false else 'right' for n in range(len(outcome.detections))]
    y = 2 + (lanes - 1) * _LANE_PX
    parts += _lane(axis, [e.lasting for e in outcome.detections], kinds, y, outcome.labels)
    parts += [_announcement(axis, *each, y) for each in zip(outcome.detections, kinds, strict=True)]
    parts += _curves(axis, outcome, top)
    return _svg(width_px, height, parts)


def reliability_diagram(figures: Reliability) -> str:
    """The share of right steps over their score; on the diagonal a score is a probability."""
    size, left, top = 240, 40, 10
    parts = [
        f'<rect x="{left}" y="{top}" width="{size}" height="{size}" fill="{PAPER}"/>',
        f'<line x1="{left}" y1="{top + size}" x2="{left + size}" y2="{top}" stroke="{DIM}" '
        'stroke-dasharray="4 4"/>',
    ]
    most, width = max(int(figures.counts.max()), 1), size / len(figures.counts)
    for index, count in enumerate(figures.counts):
        if count:
            height = figures.accuracy[index] * size
            opacity = 0.25 + 0.75 * math.sqrt(count / most)
            told = f'{count} steps, score {figures.confidence[index]:.2f}, '
            told += f'performed at {figures.accuracy[index]:.2f} of them'
            parts.append(
                f'<rect x="{left + index * width + 1:.1f}" y="{top + size - height:.1f}" '
                f'width="{width - 2:.1f}" height="{height:.1f}" fill="{BLUE}" '
                f'fill-opacity="{opacity:.2f}"><title>{told}</title></rect>'
            )
    for share in (0.0, 0.5, 1.0):
        parts += [
            _text(f'{share:g}', left - 6, top + size * (1 - share) + 4, DIM, 11, 'end'),
            _text(f'{share:g}', left + size * share, top + size + 16, DIM, 11, 'middle'),
        ]
    parts += [
        _text('score', left + size / 2, top + size + 32, DIM, 12, 'middle'),
        f'<text transform="translate(11 {top + size / 2}) rotate(-90)" fill="{DIM}" '
        'font-size="12" text-anchor="middle">performed</text>',
    ]
    return _svg(left + size + 10, top + size + 38, parts, fixed=True)


class _Axis:
    """Seconds to pixels."""

    def __init__(self, begin_s: float, end_s: float, left_px: float, right_px: float) -> None:
        self.begin_s, self.end_s = begin_s, end_s
        self.left_px, self.right_px = left_px, right_px

    def px(self, time_s: float) -> float:
        """Where a time is, within the chart."""
        share = (time_s - self.begin_s) / (self.end_s - self.begin_s)
        return self.left_px + min(max(share, 0.0), 1.0) * (self.right_px - self.left_px)

    def shows(self, start_s: float, end_s: float) -> bool:
        """Whether any of a stretch is in the chart."""
        return start_s < self.end_s and end_s >= self.begin_s

    def ticks(self) -> list[float]:
        """Round times, not too many."""
        room = (self.right_px - self.left_px) / 55
        step = next(s for s in (0.2, 0.5, 1, 2, 5, 10, 30, 60, 1e9)
                    if (self.end_s - self.begin_s) / s <= room)  # fmt: skip
        first = math.ceil(self.begin_s / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.end_s / step + 1e-9) + 1)]


def _grid(axis: _Axis, bottom: float, top: float, lanes: int) -> str:
    parts = []
    for time_s in axis.ticks():
        x = f'{axis.px(time_s):.1f}'
        parts.append(f'<line x1="{x}" y1="0" x2="{x}" y2="{bottom}" stroke="{LINE}"/>')
        parts.append(_text(f'{time_s:g} s', axis.px(time_s), bottom + 14, DIM, 11, 'middle'))
    for score in (0.0, 0.5, 1.0):
        y = top + (1 - score) * _CURVES_PX
        parts.append(
            f'<line x1="{axis.left_px}" y1="{y:.1f}" x2="{axis.right_px}" y2="{y:.1f}" '
            f'stroke="{LINE}"/>'
        )
        parts.append(_text(f'{score:g}', axis.left_px - 6, y + 4, DIM, 10, 'end'))
    names = ('truth', 'events')[-lanes:]
    parts += [_text(n, 0, 2 + i * _LANE_PX + 13, DIM, 12) for i, n in enumerate(names)]
    return ''.join(parts)


def _lane(
    axis: _Axis, bars: Sequence[Interval], kinds: Sequence[str], y: float, labels: Sequence[str]
) -> list[str]:
    """Bars beside each other, each with its name where there is room for it."""
    shown = sorted(
        (bar.start_s, bar.end_s, bar.label, kind)
        for bar, kind in zip(bars, kinds, strict=True)
        if axis.shows(bar.start_s, bar.end_s)
    )
    edges = [axis.left_px, *(axis.px(end_s) for _, end_s, *_ in shown)]
    begins = [*(axis.px(start_s) for start_s, *_ in shown[1:]), axis.right_px]
    return [
        _bar(axis, Interval(label, start_s, end_s), kind, y, labels)
        + _name(axis, Interval(label, start_s, end_s), kind, y, (edges[n], begins[n]))
        for n, (start_s, end_s, label, kind) in enumerate(shown)
    ]


def _bar(axis: _Axis, each: Interval, kind: str, y: float, labels: Sequence[str]) -> str:
    """Dashed red around it where it is missed, red where it is false."""
    x, width = axis.px(each.start_s), max(axis.px(each.end_s) - axis.px(each.start_s), 2.0)
    edge = {
        'missed': f'stroke="{RED}" stroke-width="1.6" stroke-dasharray="4 2"',
        'false': f'stroke="{RED}" stroke-width="2"',
        'right': '',
    }[kind]
    return (
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_LANE_PX - 4}" rx="3" '
        f'fill="{colour_of(each.label, labels)}" '
        f'fill-opacity="{0.25 if kind == "missed" else 0.85}" {edge}>'
        f'<title>{escape(each.label)} {each.start_s:.2f} to {each.end_s:.2f} s</title></rect>'
    )


def _name(axis: _Axis, each: Interval, kind: str, y: float, neighbours: tuple[float, float]) -> str:
    """The name of a bar: in it, or right or left of it; none where its neighbours are too near."""
    begin, end, room = axis.px(each.start_s), axis.px(each.end_s), _LETTER_PX * len(each.label)
    if end - begin > room:
        return _text(each.label, begin + 4, y + 13, INK if kind == 'missed' else '#fff', 11.5)
    if end + room < neighbours[1]:
        return _text(each.label, end + 4, y + 13, INK, 11.5)
    if begin - 2.2 * room > neighbours[0]:  # the name of the bar before may be there
        return _text(each.label, begin - 4, y + 13, INK, 11.5, 'end')
    return ''


def _announcement(axis: _Axis, event: Detection, kind: str, y: float) -> str:
    """An upright mark where an event was told."""
    if not axis.shows(event.announced_s, event.announced_s):
        return ''
    return (
        f'<path d="M{axis.px(event.announced_s):.1f} {y - 1} v{_LANE_PX - 2}" stroke-width="2" '
        f'stroke="{RED if kind == "false" else INK}">'
        f'<title>{escape(event.label)} told at {event.announced_s:.2f} s, '
        f'score {event.score:.2f}</title></path>'
    )


def _curves(axis: _Axis, outcome: Outcome, top: float) -> list[str]:
    """A curve for every gesture whose score rises at all."""
    trace = outcome.trace
    inside = (trace.times_s >= axis.begin_s) & (trace.times_s <= axis.end_s)
    times_s, scores = trace.times_s[inside], trace.probabilities[inside]
    if not len(times_s):
        return []
    parts = []
    for index, label in enumerate(outcome.labels):
        if label != NONE_LABEL and scores[:, index].max() >= _LEAST_SCORE:
            points = _points(axis, times_s, scores[:, index], top)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke-width="1.6" '
                f'stroke="{colour_of(label, outcome.labels)}"><title>{escape(label)}</title>'
                '</polyline>'
            )
    return parts


def _points(
    axis: _Axis,
    times_s: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float32],
    top: float,
) -> str:
    """The highest score of each twentieth of a second; of level stretches the ends."""
    samples = np.unique((times_s / _SAMPLE_S).astype(int), return_index=True)[1]
    highest = np.maximum.reduceat(scores, samples)
    xs = [round(axis.px(t)) for t in times_s[samples]]
    ys = [round(top + (1 - float(s)) * _CURVES_PX) for s in highest]
    kept = [
        i for i in range(len(ys)) if i in (0, len(ys) - 1) or not ys[i - 1] == ys[i] == ys[i + 1]
    ]
    return ' '.join(f'{xs[i]},{ys[i]}' for i in kept)


def _text(text: str, x: float, y: float, colour: str, size: float, anchor: str = 'start') -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _svg(width: float, height: float, parts: Sequence[str], fixed: bool = False) -> str:
    size = f'width="{width}" height="{height}"' if fixed else 'class="wide"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>'
        f'{"".join(parts)}</svg>'
    )
