"""Charts of an evaluation as SVG, to stand inside an HTML page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from sign_recognition.decision import NONE_LABEL
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
        missed = {
            id(s) for s, i in zip(outcome.truth, outcome.match.found, strict=True) if i is None
        }
        parts += [
            _bar(axis, each, 2, outcome.labels, 'missed' if id(each) in missed else 'right')
            for each in (*outcome.truth, *outcome.foreign)
        ]
    false = set(outcome.match.false) if known else set()
    for index, event in enumerate(outcome.detections):
        kind = 'false' if index in false else 'right'
        parts += _event(axis, event, 2 + (lanes - 1) * _LANE_PX, outcome.labels, kind)
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


def _bar(axis: _Axis, each: Interval, y: float, labels: Sequence[str], kind: str) -> str:
    """A labelled bar; dashed red around it where it is missed, red where it is false."""
    if not axis.shows(each.start_s, each.end_s):
        return ''
    x, width = axis.px(each.start_s), max(axis.px(each.end_s) - axis.px(each.start_s), 2.0)
    edge = {
        'missed': f'stroke="{RED}" stroke-width="1.6" stroke-dasharray="4 2"',
        'false': f'stroke="{RED}" stroke-width="2"',
        'right': '',
    }[kind]
    opacity = 0.25 if kind == 'missed' else 0.85
    colour, ink = colour_of(each.label, labels), INK if kind == 'missed' else '#fff'
    name = escape(each.label)
    room_px = _LETTER_PX * len(each.label)
    if width > room_px:
        text = _text(each.label, x + 4, y + 13, ink, 11.5)
    elif x + width + room_px < axis.right_px:
        text = _text(each.label, x + width + 3, y + 13, INK, 11.5)
    else:
        text = _text(each.label, x - 3, y + 13, INK, 11.5, 'end')
    return (
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_LANE_PX - 4}" rx="3" '
        f'fill="{colour}" fill-opacity="{opacity}" {edge}>'
        f'<title>{name} {each.start_s:.2f} to {each.end_s:.2f} s</title></rect>{text}'
    )


def _event(axis: _Axis, event: Detection, y: float, labels: Sequence[str], kind: str) -> list[str]:
    """A bar from where the gesture leads, and a mark where it was told."""
    parts = [_bar(axis, event.lasting, y, labels, kind)]
    if axis.shows(event.announced_s, event.announced_s):
        x, colour = axis.px(event.announced_s), RED if kind == 'false' else INK
        parts.append(
            f'<path d="M{x:.1f} {y - 1} v{_LANE_PX - 2}" stroke="{colour}" stroke-width="2">'
            f'<title>{escape(event.label)} told at {event.announced_s:.2f} s, '
            f'score {event.score:.2f}</title></path>'
        )
    return parts


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
