"""Models against recordings of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.metrics import Outcome
from sign_recognition.evaluation.recordings import (
    MakeDetector,
    Recorded,
    Recording,
    Tick,
    Viewable,
    write_landmarks,
)
from sign_recognition.evaluation.replay import trace
from sign_recognition.evaluation.truth import Truth
from sign_recognition.recognizer import Recognizer


@dataclass(frozen=True)
class Judged:
    """One recording with all that the models made of it.

    Attributes:
        recording: where it is.
        recorded: what was in it.
        truth: what was performed; None: that is not known, and it counts in no figure.
        outcomes: of each model.
    """

    recording: Viewable
    recorded: Recorded
    truth: tuple[Interval, ...] | None
    outcomes: tuple[Outcome, ...]

    @property
    def known(self) -> bool:
        """Whether it is known what was performed."""
        return self.truth is not None


@dataclass(frozen=True)
class ModelResult:
    """One model on all recordings.

    Attributes:
        name: as the model calls itself; two models of one name are told apart by their digests.
        digest: the beginning of the file's SHA-256.
        labels: of the model.
        outcomes: of the recordings whose truth is known.
    """

    name: str
    digest: str
    labels: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Comparison:
    """Two models on the same recordings.

    Attributes:
        one: name of the one model.
        other: name of the other.
        only_one: gestures that only the one found.
        only_other: gestures that only the other found.
        found_p: probability of a difference at least this large between equals (McNemar, exact).
        false_per_hour: false events per hour of the other less those of the one.
        false_bounds: where that difference lies with 95 % confidence (paired bootstrap).
    """

    one: str
    other: str
    only_one: int
    only_other: int
    found_p: float
    false_per_hour: float
    false_bounds: tuple[float, float]


@dataclass(frozen=True)
class Evaluation:
    """All that is to be told of an evaluation.

    Attributes:
        recordings: in the order in which they were named.
        models: likewise.
        comparisons: of each pair of models.
    """

    recordings: tuple[Judged, ...]
    models: tuple[ModelResult, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def foreign(self) -> list[str]:
        """Labels of the truth that no model knows, by name."""
        first = [each.outcomes[0] for each in self.recordings]
        return sorted({known.label for outcome in first for known in outcome.foreign})


def evaluate(
    recordings: Iterable[Recording],
    classifiers: Sequence[OnnxClassifier],
    truth_of: Callable[[Path, Recorded], tuple[Interval, ...] | None],
    make_detector: MakeDetector,
    tick: Tick = lambda: None,
) -> Evaluation:
    """Run every model over every recording, step by step as live, each recording afresh.

    A gesture is to be found where at least one of the models knows its label; other labels must
    stay silent.

    Args:
        recordings: what to evaluate.
        classifiers: the models, one or more.
        truth_of: what was performed in a recording; None where that is not known.
        make_detector: gives a fresh detector, for recordings of images alone.
        tick: called for each image.

    Raises:
        OSError: a recording cannot be read.
        ValueError: a model or the truth cannot be used.
    """
    known_labels = {label for each in classifiers for label in each.contract.labels}
    judged = []
    for recording in recordings:
        recorded = recording.load(make_detector, tick)
        intervals = truth_of(recording.path, recorded)
        outcomes = [
            Outcome(
                name=recording.name,
                duration_s=recorded.duration_s,
                labels=classifier.contract.labels,
                trace=trace(recorded.frames, Recognizer(classifier)),
                truth=tuple(i for i in intervals or () if i.label in known_labels),
                foreign=tuple(i for i in intervals or () if i.label not in known_labels),
            )
            for classifier in classifiers
        ]
        judged.append(Judged(recording, recorded, intervals, tuple(outcomes)))
    models = _results(classifiers, judged)
    pairs = [_compare(one, other) for one, other in combinations(models, 2)]
    return Evaluation(tuple(judged), tuple(models), tuple(pairs))


def save_landmarks(evaluation: Evaluation, folder: Path) -> None:
    """Write the landmarks and the truth of every recording as a bag of its name.

    Raises:
        OSError: one exists already, or cannot be written.
    """
    for each in evaluation.recordings:
        write_landmarks(folder, each.recording.name, each.recorded, each.truth)


def truth_reader(
    truth: Truth | None, silent: bool
) -> Callable[[Path, Recorded], tuple[Interval, ...] | None]:
    """Where the truth of a recording comes from: the file, if there is one, else the recording.

    Args:
        truth: what the user gave.
        silent: where nothing is known, nothing was performed.
    """

    def truth_of(path: Path, recorded: Recorded) -> tuple[Interval, ...] | None:
        known = truth.of(path.resolve()) if truth else recorded.truth
        return () if known is None and silent else known

    return truth_of


def _results(classifiers: Sequence[OnnxClassifier], judged: Sequence[Judged]) -> list[ModelResult]:
    digests = [each.digest() for each in classifiers]
    names = [each.contract.name for each in classifiers]
    return [
        ModelResult(
            name=names[i] if names.count(names[i]) == 1 else f'{names[i]} {digests[i][:4]}',
            digest=digests[i],
            labels=classifier.contract.labels,
            outcomes=tuple(each.outcomes[i] for each in judged if each.known),
        )
        for i, classifier in enumerate(classifiers)
    ]


def _compare(one: ModelResult, other: ModelResult) -> Comparison:
    found = [
        [index is not None for outcome in model.outcomes for index in outcome.match.found]
        for model in (one, other)
    ]
    pairs = list(zip(*found, strict=True))
    return Comparison(
        one=one.name,
        other=other.name,
        only_one=sum(a and not b for a, b in pairs),
        only_other=sum(b and not a for a, b in pairs),
        found_p=metrics.mcnemar(*found),
        false_per_hour=(
            metrics.false_per_hour(other.outcomes) - metrics.false_per_hour(one.outcomes)
        ),
        false_bounds=metrics.bootstrap_difference(one.outcomes, other.outcomes),
    )
