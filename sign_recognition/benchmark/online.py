"""Models on continuous streams: what is found, how late, and what is told for nothing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sign_recognition.benchmark.streams import (
    FOOTAGE,
    GESTURES,
    GROUPS,
    IDLE_HANDS,
    TALKING_HANDS,
    BenchmarkStream,
)
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import Detection, may_explain
from sign_recognition.evaluation.metrics import Outcome
from sign_recognition.evaluation.replay import trace
from sign_recognition.parallel import Workers
from sign_recognition.recognizer import Classifier, Recognizer

# At least, or where the figure is the better the smaller, at most.
GOALS: Mapping[str, float] = {
    'detection_rate': 0.93,
    'false_positive_ratio': 0.05,
    'event_jaccard': 0.87,
    'delay_after_end_p50_s': 0.25,
    'idle_false_per_hour': 6.0,
}
# In the order in which they are shown.
FIGURES = (
    'detection_rate', 'repeats_found', 'false_positive_ratio', 'event_jaccard', 'jaccard_index',
    'levenshtein_accuracy', 'delay_after_end_p50_s', 'delay_after_end_p95_s',
    'delay_after_start_p50_s', 'idle_false_per_hour', 'talking_false_per_hour',
    'footage_false_per_hour', 'gestures_false_per_hour', 'false_per_hour',
)  # fmt: skip
# What a false event is laid to, where it is not a movement between gestures.
AGAIN, REST_OF_CLIP = 'the same gesture again', 'the rest of a clip'
# An event is told about so long after the movement that it comes from.
_REACTION_S = 0.2


@dataclass(frozen=True)
class Judged:
    """A stream and what a model made of it."""

    stream: BenchmarkStream
    outcome: Outcome


def judge(streams: Iterable[BenchmarkStream], classifier: Classifier) -> list[Judged]:
    """Every stream through a recogniser of its own, image by image as live.

    Args:
        streams: what to look at.
        classifier: the model.

    Raises:
        ModelContractError: the model does not read what a camera gives.
    """
    return [Judged(stream, _outcome(stream, classifier)) for stream in streams]


def judge_in_parallel(streams: Sequence[BenchmarkStream], model: Path) -> Iterator[Judged]:
    """As judge, on up to eight cores; in the order of the streams.

    Args:
        streams: what to look at.
        model: the ONNX file.

    Raises:
        ModelContractError: the model does not read what a camera gives.
    """
    with Workers(OnnxClassifier, model) as workers:
        for stream, outcome in zip(streams, workers.map(_outcome, streams), strict=True):
            yield Judged(stream, outcome)


def _outcome(stream: BenchmarkStream, classifier: Classifier) -> Outcome:
    frames = stream.film()
    duration_s = frames[-1].stamp_ns / 1e9
    told = trace(frames, Recognizer(classifier))
    return Outcome(stream.name, duration_s, classifier.contract.labels, told, stream.truth)


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """Every figure by its name; NaN where nothing speaks of it."""
    groups = {
        group: [each.outcome for each in judged if each.stream.group == group] for group in GROUPS
    }
    values = metrics.figures(groups[GESTURES])
    values |= {
        'repeats_found': repeats_found(groups[GESTURES]),
        'event_jaccard': metrics.event_jaccard(groups[GESTURES]),
        'idle_false_per_hour': metrics.false_per_hour(groups[IDLE_HANDS]),
        'talking_false_per_hour': metrics.false_per_hour(groups[TALKING_HANDS]),
        'footage_false_per_hour': metrics.false_per_hour(groups[FOOTAGE]),
        'gestures_false_per_hour': metrics.false_per_hour(groups[GESTURES]),
        'false_per_hour': metrics.false_per_hour([each.outcome for each in judged]),
    }
    return {name: values[name] for name in FIGURES}


def meets(name: str, value: float) -> bool | None:
    """Whether a figure meets its goal; None where it has none or is not known."""
    if name not in GOALS or math.isnan(value):
        return None
    is_share = name in ('detection_rate', 'event_jaccard')
    return value >= GOALS[name] if is_share else value <= GOALS[name]


def repeats_found(outcomes: Sequence[Outcome]) -> float:
    """Of the gestures that follow one of the same name, the share that was found, 0 to 1."""
    found = [
        index is not None
        for outcome in outcomes
        for before, after, index in zip(
            outcome.truth, outcome.truth[1:], outcome.match.found[1:], strict=False
        )
        if before.label == after.label
    ]
    return sum(found) / len(found) if found else metrics.NAN


@dataclass(frozen=True)
class Cause:
    """False events that come from one kind of movement.

    Attributes:
        movement: what the hand did.
        group: of the streams.
        hours: how long it did.
        labels: what was told, and how often.
    """

    movement: str
    group: str
    hours: float
    labels: Mapping[str, int]

    @property
    def count(self) -> int:
        """Of the false events."""
        return sum(self.labels.values())


def causes(judged: Sequence[Judged]) -> list[Cause]:
    """Where false events come from, most first; footage by its folder."""
    told: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for each in judged:
        stream = each.stream
        for event in each.outcome.false:
            told[stream.group, _movement(each, event)][event.label] += 1
        for part in stream.parts:
            duration_s = min(part.end_s, each.outcome.duration_s) - part.start_s
            seconds[stream.group, _kind(stream, part.label)] += duration_s
    found = [
        Cause(movement, group, seconds[group, movement] / 3600, dict(labels))
        for (group, movement), labels in told.items()
    ]
    return sorted(found, key=lambda cause: (GROUPS.index(cause.group), -cause.count))


def _movement(judged: Judged, event: Detection) -> str:
    near = [each for each in judged.outcome.truth if may_explain(each, event.announced_s)]
    if any(each.label == event.label for each in near):
        return AGAIN
    if near:
        return f'instead of {near[0].label}, or beside it'
    stream = judged.stream
    return _kind(stream, stream.part_at(max(event.announced_s - _REACTION_S, 0.0)))


def _kind(stream: BenchmarkStream, part: str) -> str:
    if stream.group == FOOTAGE:
        return part.rsplit('/', 1)[0]
    return REST_OF_CLIP if part in {each.label for each in stream.truth} else part


def slices(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The streams with gestures and without, cut by who performs and with which hand."""
    cut: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        if each.stream.group != FOOTAGE:
            cut[f'signer {each.stream.signer}'].append(each)
            cut[each.stream.hand].append(each)
    return dict(sorted(cut.items()))
