"""How good a recogniser is: figures over the outcomes of recordings, each with its source.

All functions are pure, and none depends on the order of the recordings. Times are seconds since the
first image of a recording. A figure that nothing speaks of (no gesture shown, no time recorded) is
NaN. A known gesture is found when an event of its label is announced between the beginning of its
stroke and events.LATEST_START_S after its end; every other event is false.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation.events import (
    LATEST_START_S,
    Detection,
    Interval,
    Match,
    match_events,
    may_explain,
)
from sign_recognition.evaluation.replay import Trace

Floats = npt.NDArray[np.float64]

NAN = math.nan
RELIABILITY_BINS = 10
_HOUR_S = 3600.0
# Of the bootstrap: events follow each other within less.
_BLOCK_S = 10.0

# Which way each figure is better: 1 up, -1 down.
BETTER: Mapping[str, int] = {
    'detection_rate': 1,
    'false_positive_ratio': -1,
    'jaccard_index': 1,
    'levenshtein_accuracy': 1,
    'macro_f1': 1,
    'false_per_hour': -1,
    'idle_false_per_hour': -1,
    'delay_after_end_p50_s': -1,
    'delay_after_end_p95_s': -1,
    'delay_after_start_p50_s': -1,
    'delay_after_start_p95_s': -1,
    'calibration_error': -1,
}


@dataclass(frozen=True)
class Outcome:
    """What one model made of one recording, against what is known of it.

    Attributes:
        name: of the recording.
        duration_s: from its first image to its last.
        labels: of the model.
        trace: the model's scores and detections.
        truth: the gestures that are to be found, in order of time.
        foreign: known movements of which no model knows the label: they must stay silent.
    """

    name: str
    duration_s: float
    labels: tuple[str, ...]
    trace: Trace
    truth: tuple[Interval, ...] = ()
    foreign: tuple[Interval, ...] = ()

    @property
    def detections(self) -> tuple[Detection, ...]:
        """The events of the model."""
        return self.trace.detections

    @cached_property
    def match(self) -> Match:
        """Which gestures were found, and which events are false."""
        return match_events(self.truth, [each.announced for each in self.detections])

    @property
    def false(self) -> list[Detection]:
        """The events that no known gesture explains, in order of time."""
        return [self.detections[index] for index in self.match.false]

    def found(self) -> list[tuple[Interval, Detection]]:
        """The gestures that were found, each with its event."""
        return [
            (stroke, self.detections[index])
            for stroke, index in zip(self.truth, self.match.found, strict=True)
            if index is not None
        ]


Outcomes = Sequence[Outcome]


def missed(outcome: Outcome) -> list[Interval]:
    """The gestures of a recording that were not found, in order of time."""
    pairs = zip(outcome.truth, outcome.match.found, strict=True)
    return [stroke for stroke, index in pairs if index is None]


def highest_score(outcome: Outcome, known: Interval) -> float:
    """The highest probability of a gesture's own label while its event might have come, 0 to 1."""
    if known.label not in outcome.labels:
        return 0.0
    times_s = outcome.trace.times_s
    in_time = (known.start_s <= times_s) & (times_s <= known.end_s + LATEST_START_S)
    scores = outcome.trace.probabilities[in_time, outcome.labels.index(known.label)]
    return float(scores.max(initial=0.0))


def shown_count(outcomes: Outcomes) -> int:
    """How many gestures were to be found."""
    return sum(len(each.truth) for each in outcomes)


def false_count(outcomes: Outcomes) -> int:
    """How many events no known gesture explains."""
    return sum(len(each.match.false) for each in outcomes)


def detection_rate(outcomes: Outcomes) -> float:
    """Share of the gestures that were found, 0 to 1.

    As in SHREC'22 (Emporio et al. 2022, Computers & Graphics 107), but for when a gesture counts
    as found: there, when the time windows overlap enough; here, when the event comes in time,
    because that is when a robot moves.
    """
    return _ratio(sum(len(each.found()) for each in outcomes), shown_count(outcomes))


def false_positive_ratio(outcomes: Outcomes) -> float:
    """False events per gesture that was shown, 0 or more (SHREC'22, Emporio et al. 2022)."""
    return _ratio(false_count(outcomes), shown_count(outcomes))


def jaccard_by_label(outcomes: Outcomes) -> dict[str, float]:
    """For each label that was shown: time in which truth and event agree, over the time in which
    either says the label; 0 to 1.

    The Jaccard index of SHREC'22 (Emporio et al. 2022), of seconds instead of frames, so that the
    camera's rate does not matter. The recordings of a label are pooled.
    """
    both: dict[str, float] = defaultdict(float)
    either: dict[str, float] = defaultdict(float)
    for outcome in outcomes:
        for label in {each.label for each in outcome.truth} | {
            each.label for each in outcome.detections
        }:
            true = _union(each for each in outcome.truth if each.label == label)
            told = _union(each.lasting for each in outcome.detections if each.label == label)
            common = _overlap_s(true, told)
            both[label] += common
            either[label] += _length_s(true) + _length_s(told) - common
    shown = sorted({each.label for outcome in outcomes for each in outcome.truth})
    return {label: _ratio(both[label], either[label]) for label in shown}


def jaccard_index(outcomes: Outcomes) -> float:
    """Mean of `jaccard_by_label`, 0 to 1."""
    return _mean(jaccard_by_label(outcomes).values())


def event_jaccard(outcomes: Outcomes) -> float:
    """Found gestures over all that were performed or falsely told, mean of the gestures, 0 to 1.

    The Jaccard index of counts instead of times: it asks whether events are right, and not whether
    they last as long as the strokes, which those of a recogniser that speaks at their end cannot.
    """
    rows = [row for row in by_label(outcomes).values() if row.shown]
    return _mean(row.found / (row.shown + row.false) for row in rows)


def levenshtein_accuracy(outcomes: Outcomes) -> float:
    """1 less the edits that make the events' labels the performed ones, per performed gesture.

    At most 1; below 0 where there are more edits than gestures. It looks at order alone, not at
    time (Köpüklü et al. 2019, FG, "Real-time hand gesture detection and classification").
    """
    edits = sum(
        edit_distance(
            [each.label for each in sorted(outcome.truth, key=lambda i: i.start_s)],
            [each.label for each in sorted(outcome.detections, key=lambda d: d.announced_s)],
        )
        for outcome in outcomes
    )
    return 1 - _ratio(edits, shown_count(outcomes))


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """The least number of insertions, deletions and replacements between two sequences
    (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before = row
        row = [i]
        for j, right in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (left != right)))
    return row[-1]


def false_per_hour(outcomes: Outcomes) -> float:
    """False events per hour of recording."""
    return _ratio(false_count(outcomes) * _HOUR_S, sum(each.duration_s for each in outcomes))


def idle_false_per_hour(outcomes: Outcomes) -> float:
    """False events per hour of the time in which nothing known happens.

    Idle is what lies outside every known gesture or foreign movement and the time after it in
    which its event may still come.
    """
    count, idle_s = 0, 0.0
    for outcome in outcomes:
        busy = _union(
            Interval('', each.start_s, min(each.end_s + LATEST_START_S, outcome.duration_s))
            for each in (*outcome.truth, *outcome.foreign)
            if each.start_s < outcome.duration_s
        )
        idle_s += outcome.duration_s - _length_s(busy)
        count += sum(
            not any(
                may_explain(known, each.announced_s) for known in (*outcome.truth, *outcome.foreign)
            )
            for each in outcome.false
        )
    return _ratio(count * _HOUR_S, idle_s)


def delays_s(outcomes: Outcomes) -> tuple[Floats, Floats]:
    """How long after the beginning and after the end of its stroke each found gesture was told.

    Returns:
        Two (found,) arrays, seconds; an event before the end has a negative delay.
    """
    found = [pair for outcome in outcomes for pair in outcome.found()]
    since_start = [event.announced_s - stroke.start_s for stroke, event in found]
    since_end = [event.announced_s - stroke.end_s for stroke, event in found]
    return np.array(since_start, np.float64), np.array(since_end, np.float64)


def percentile(values: Floats, percent: float) -> float:
    """A percentile, interpolated; NaN of nothing."""
    return float(np.percentile(values, percent)) if len(values) else NAN


def figures(outcomes: Outcomes) -> dict[str, float]:
    """Every single figure by its name, in the order in which it is shown."""
    since_start, since_end = delays_s(outcomes)
    return {
        'detection_rate': detection_rate(outcomes),
        'false_positive_ratio': false_positive_ratio(outcomes),
        'jaccard_index': jaccard_index(outcomes),
        'levenshtein_accuracy': levenshtein_accuracy(outcomes),
        'macro_f1': _mean(row.f1 for row in by_label(outcomes).values() if row.shown),
        'false_per_hour': false_per_hour(outcomes),
        'idle_false_per_hour': idle_false_per_hour(outcomes),
        'delay_after_end_p50_s': percentile(since_end, 50),
        'delay_after_end_p95_s': percentile(since_end, 95),
        'delay_after_start_p50_s': percentile(since_start, 50),
        'delay_after_start_p95_s': percentile(since_start, 95),
        'calibration_error': reliability(outcomes).error,
    }


@dataclass(frozen=True)
class LabelFigures:
    """How well one gesture is told from all else.

    Attributes:
        shown: how often it was performed.
        found: how often it was found then.
        false: how often it was told at another time.
    """

    shown: int
    found: int
    false: int

    @property
    def precision(self) -> float:
        """Share of its events that are true, 0 to 1."""
        return _ratio(self.found, self.found + self.false)

    @property
    def recall(self) -> float:
        """Share of its performances that were found, 0 to 1."""
        return _ratio(self.found, self.shown)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1 (van Rijsbergen 1979)."""
        return _ratio(2 * self.found, self.found + self.false + self.shown)


def by_label(outcomes: Outcomes) -> dict[str, LabelFigures]:
    """The figures of each gesture that was shown or told, in the order of the model's labels."""
    shown = Counter(each.label for outcome in outcomes for each in outcome.truth)
    found = Counter(stroke.label for outcome in outcomes for stroke, _ in outcome.found())
    false = Counter(each.label for outcome in outcomes for each in outcome.false)
    return {
        label: LabelFigures(shown[label], found[label], false[label])
        for label in in_order(outcomes, {*shown, *false})
    }


def in_order(outcomes: Outcomes, labels: Iterable[str]) -> list[str]:
    """Labels in the order of the model; those that it does not know after them, by name."""
    known = outcomes[0].labels if outcomes else ()
    wanted = set(labels)
    return [x for x in known if x in wanted] + sorted(wanted - set(known))


def confusion(outcomes: Outcomes) -> dict[str, dict[str, int]]:
    """What was told (inner) while what was performed (outer).

    'none' told means that nothing was; 'none' performed, that nothing known was. Every known
    movement and every event is in exactly one cell; of 'none' told while 'none' was performed
    there is no count.
    """
    cells: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        for performed, told in _cells(outcome):
            cells.setdefault(performed, Counter())[told] += 1
    names = {*cells, *(told for row in cells.values() for told in row)} - {NONE_LABEL}
    columns = [*in_order(outcomes, names & set(_told(outcomes))), NONE_LABEL]
    rows = [*in_order(outcomes, names), NONE_LABEL]
    return {row: {told: cells.get(row, Counter())[told] for told in columns} for row in rows}


def _told(outcomes: Outcomes) -> set[str]:
    """Labels that a model may tell: those that it knows."""
    return {label for outcome in outcomes for label in outcome.labels}


def _cells(outcome: Outcome) -> list[tuple[str, str]]:
    cells = [(stroke.label, event.label) for stroke, event in outcome.found()]
    free = list(outcome.false)
    for known in sorted((*missed(outcome), *outcome.foreign), key=lambda i: i.start_s):
        instead = next((each for each in free if may_explain(known, each.announced_s)), None)
        if instead is not None:
            free.remove(instead)
        cells.append((known.label, instead.label if instead else NONE_LABEL))
    return cells + [(NONE_LABEL, each.label) for each in free]


@dataclass(frozen=True)
class Reliability:
    """Whether scores are probabilities: how often a leading gesture was really performed.

    Attributes:
        counts: (bins,) int64, steps at which a gesture led with a score of this bin.
        confidence: (bins,) float64, their mean score; NaN where there is none.
        accuracy: (bins,) float64, the share at which it was performed; NaN where there is none.
    """

    counts: npt.NDArray[np.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """Expected calibration error, 0 to 1: mean distance of score and share, by steps (Naeini
        et al. 2015; Guo et al. 2017)."""
        if not self.counts.any():
            return NAN
        used = self.counts > 0
        distance = np.abs(self.confidence[used] - self.accuracy[used])
        return float(np.average(distance, weights=self.counts[used]))


def reliability(outcomes: Outcomes) -> Reliability:
    """Scores of the steps at which a gesture leads against whether it was performed.

    A gesture counts as performed from the beginning of its stroke to events.LATEST_START_S after
    its end. Steps at which 'none' leads say nothing here: inside a stroke they are right and wrong.
    """
    scores: list[Floats] = []
    right: list[npt.NDArray[np.bool_]] = []
    for outcome in outcomes:
        best = outcome.trace.probabilities.argmax(axis=1)
        leads = best != outcome.labels.index(NONE_LABEL)
        times_s, best = outcome.trace.times_s[leads], best[leads]
        scores.append(outcome.trace.probabilities[leads, best].astype(np.float64))
        performed = np.zeros(len(best), bool)
        for known in outcome.truth:
            in_time = (known.start_s <= times_s) & (times_s <= known.end_s + LATEST_START_S)
            performed |= in_time & (np.array(outcome.labels)[best] == known.label)
        right.append(performed)
    return _binned(np.concatenate([[], *scores]), np.concatenate([[], *right]))


def _binned(scores: Floats, right: Floats) -> Reliability:
    bins = np.minimum((scores * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    counts = np.bincount(bins, minlength=RELIABILITY_BINS)
    sums = [np.bincount(bins, weights=w, minlength=RELIABILITY_BINS) for w in (scores, right)]
    with np.errstate(invalid='ignore'):
        return Reliability(counts, *(each / counts for each in sums))


def mcnemar(found_by_one: Sequence[bool], found_by_other: Sequence[bool]) -> float:
    """Probability of a difference at least this large if both models were equally good.

    McNemar's test in its exact form (McNemar 1947): of the gestures that only one of the two finds,
    each model should find half.

    Args:
        found_by_one: for each known gesture whether the one model found it.
        found_by_other: the same of the other model.
    """
    pairs = list(zip(found_by_one, found_by_other, strict=True))
    only_one = sum(one and not other for one, other in pairs)
    only_other = sum(other and not one for one, other in pairs)
    count = only_one + only_other
    tail = sum(math.comb(count, k) for k in range(min(only_one, only_other) + 1))
    return min(1.0, 2 * tail / (1 << count))


def bootstrap_difference(one: Outcomes, other: Outcomes, rounds: int = 2000) -> tuple[float, float]:
    """Where the difference of the false events per hour lies, with 95 % confidence.

    The paired percentile bootstrap (Efron & Tibshirani 1993): blocks of the recordings are drawn
    with replacement, for both models the same ones. Blocks, because events follow each other.

    Args:
        one: outcomes of one model.
        other: of the other model, on the same recordings in the same order.
        rounds: how often to draw.

    Returns:
        Lower and upper bound of other minus one; NaN where fewer than two blocks were recorded.
    """
    blocks = [_blocks(each, its_twin) for each, its_twin in zip(one, other, strict=True)]
    table = np.concatenate([np.empty((0, 2)), *blocks])
    if len(table) < 2:
        return NAN, NAN
    # The order of the recordings shall not matter to what is drawn.
    table = table[np.lexsort(table.T)]
    drawn = np.random.default_rng(0).integers(len(table), size=(rounds, len(table)))
    difference, duration_s = table[drawn].sum(axis=1).T
    low, high = np.percentile(difference * _HOUR_S / duration_s, (2.5, 97.5))
    return float(low), float(high)


def _blocks(one: Outcome, other: Outcome) -> Floats:
    """(blocks, 2) of one recording: false events of other less those of one, and seconds."""
    count = max(1, round(one.duration_s / _BLOCK_S))
    edges = np.linspace(0, one.duration_s, count + 1)
    told = [
        np.histogram([each.announced_s for each in outcome.false], edges)[0]
        for outcome in (one, other)
    ]
    return np.column_stack([told[1] - told[0], np.diff(edges)])


def _union(intervals: Iterable[Interval]) -> list[tuple[float, float]]:
    """Disjoint stretches of time, in order."""
    stretches: list[tuple[float, float]] = []
    for each in sorted(intervals, key=lambda i: (i.start_s, i.end_s)):
        if stretches and each.start_s <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], each.end_s))
        else:
            stretches.append((each.start_s, each.end_s))
    return stretches


def _length_s(stretches: Iterable[tuple[float, float]]) -> float:
    return math.fsum(end - start for start, end in stretches)


def _overlap_s(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float:
    return math.fsum(
        max(0.0, min(end, other_end) - max(start, other_start))
        for start, end in one
        for other_start, other_end in other
    )


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return math.fsum(known) / len(known) if known else NAN


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else NAN
