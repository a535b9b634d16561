"""What a model is worth on streams that it never saw, and the thresholds that suit it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.progress import track

from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.metrics import Outcome
from sign_recognition.evaluation.replay import decide
from sign_recognition.landmarks import POINT_COUNT, Points
from sign_recognition.recognizer import MAX_UNSEEN_S
from sign_recognition.training.actors import Take
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.streams import Stream, clip_stream

Probabilities = npt.NDArray[np.float32]
Predict = Callable[[Points], Probabilities]

# Recall that one false event a minute costs.
_FALSE_COST = 0.04
_STARTS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_NONE_SCORES = (1.0, 0.3, 0.1)
_DURATIONS_S = (0.0, 0.05, 0.1, 0.2)
# Bounds the memory that their windows take.
_STREAMS_AT_ONCE = 16


@dataclass(frozen=True)
class StreamScore:
    """How well events follow what was performed.

    Attributes:
        performed: gestures in the streams.
        found: those with a START of their label in time.
        false_events: every other START.
        minutes: duration of the streams.
        delays_s: START minus the end of the stroke, of those found.
    """

    performed: int
    found: int
    false_events: int
    minutes: float
    delays_s: tuple[float, ...]

    @property
    def recall(self) -> float:
        """Share of the gestures that were found, 0 to 1; 0 where there were none."""
        return self.found / max(self.performed, 1)

    @property
    def false_per_minute(self) -> float:
        """False events per minute; NaN where there were no streams."""
        return self.false_events / self.minutes if self.minutes else float('nan')

    @property
    def median_delay_s(self) -> float:
        """Seconds; NaN where nothing was found."""
        return float(np.median(self.delays_s)) if self.delays_s else float('nan')


def pad_hands(hands: Points) -> Points:
    """(..., 42, 3) to the whole layout (..., 75, 3): no body was seen."""
    missing = POINT_COUNT - hands.shape[-2]
    widths = [(0, 0)] * (hands.ndim - 2) + [(0, missing), (0, 0)]
    return np.pad(hands, widths, constant_values=np.nan)


def predict_streams(
    predict: Predict, streams: Sequence[Stream], labels: Sequence[str], frames: int
) -> list[Probabilities]:
    """For each stream, (F, classes) probabilities of the window that ends at each frame.

    As a Recognizer has them: where no hand was seen lately, 'none' is sure.
    """
    predicted: list[Probabilities] = []
    for first in track(range(0, len(streams), _STREAMS_AT_ONCE), 'held-out streams'):
        some = streams[first : first + _STREAMS_AT_ONCE]
        windows = [s.window(end, frames) for s in some for end in range(len(s.hands))]
        cuts = np.cumsum([len(stream.hands) for stream in some])[:-1]
        predicted += np.split(predict(pad_hands(np.stack(windows))), cuts)
    nothing = np.array([each == NONE_LABEL for each in labels], np.float32)
    return [
        np.where(_hand_is_gone(stream)[:, None], nothing, scores)
        for stream, scores in zip(streams, predicted, strict=True)
    ]


def _hand_is_gone(stream: Stream) -> npt.NDArray[np.bool_]:
    """(F,) whether no hand was seen lately, as a Recognizer asks."""
    frames = np.arange(len(stream.hands))
    seen = np.isfinite(stream.hands).any(axis=(1, 2))
    last_seen = np.maximum.accumulate(np.where(seen, frames, -np.inf))
    return np.asarray(frames - last_seen > MAX_UNSEEN_S * stream.rate_hz)


def score_streams(
    streams: Sequence[Stream],
    probabilities: Sequence[Probabilities],
    labels: Sequence[str],
    thresholds: DecisionThresholds,
) -> StreamScore:
    """Run the decision policy over predicted streams and count."""
    outcomes = [
        _outcome(stream, scores, labels, thresholds)
        for stream, scores in zip(streams, probabilities, strict=True)
    ]
    _, after_end_s = metrics.delays_s(outcomes)
    return StreamScore(
        performed=metrics.shown_count(outcomes),
        found=len(after_end_s),
        false_events=metrics.false_count(outcomes),
        minutes=sum(each.duration_s for each in outcomes) / 60,
        delays_s=tuple(after_end_s.tolist()),
    )


def _outcome(
    stream: Stream, scores: Probabilities, labels: Sequence[str], thresholds: DecisionThresholds
) -> Outcome:
    times_s = np.arange(len(scores)) / stream.rate_hz
    truth = tuple(Interval(each.label, each.begin_s, each.done_s) for each in stream.performed)
    told = decide(times_s, scores, labels, thresholds)
    return Outcome('', len(scores) / stream.rate_hz, tuple(labels), told, truth)


def clip_accuracy(
    predict: Predict,
    takes: Sequence[Take],
    labels: Sequence[str],
    frames: int,
    rate_hz: float,
    rng: Rng,
) -> tuple[float, Probabilities]:
    """Share of clips named rightly through the virtual camera.

    Each clip plays once as a live stream; the gesture whose probabilities sum highest over the
    sliding window wins ('none' left out).

    Returns:
        The accuracy, 0 to 1, and the (clips, classes) sums.
    """
    streams = [clip_stream(take, rng, rate_hz) for take in takes]
    predicted = predict_streams(predict, streams, labels, frames)
    table = np.array([probabilities.sum(axis=0) for probabilities in predicted])
    table[:, list(labels).index(NONE_LABEL)] = -1
    right = [labels[k] == take.label for k, take in zip(table.argmax(1), takes, strict=True)]
    return float(np.mean(right)), table


def choose_thresholds(
    streams: Sequence[Stream],
    stream_scores: Sequence[Probabilities],
    foreign: Sequence[Stream],
    foreign_scores: Sequence[Probabilities],
    labels: Sequence[str],
) -> DecisionThresholds:
    """The candidate that is worth most on invented streams and foreign footage.

    Foreign footage counts like the invented streams: what stays silent there stays silent live.
    """

    def value(thresholds: DecisionThresholds) -> float:
        own = score_streams(streams, stream_scores, labels, thresholds)
        other = score_streams(foreign, foreign_scores, labels, thresholds)
        false = (own.false_per_minute, other.false_per_minute)
        return worth(own.recall, float(np.nansum(false)))

    return max(candidates(), key=value)


def worth(recall: float, false_per_minute: float) -> float:
    """What thresholds are chosen by: recall less what false events cost."""
    return recall - _FALSE_COST * false_per_minute


def candidates(longest_s: float = 0.1) -> list[DecisionThresholds]:
    """The thresholds that are tried.

    Args:
        longest_s: smoothing and dwell are at most so long: the robot is to answer within that.
    """
    durations_s = [each for each in _DURATIONS_S if each <= longest_s]
    # Scores sum to 1: where a gesture has start_score, 'none' has the rest at most.
    scores = [
        (start, none)
        for start, none in itertools.product(_STARTS, _NONE_SCORES)
        if none == 1 or start + none < 1
    ]
    return [
        DecisionThresholds(
            start, 0.4, smoothing_s, dwell_s, release_s=0.1, rearm_s=0.05, none_score=none
        )
        for (start, none), smoothing_s, dwell_s in itertools.product(
            scores, durations_s, durations_s
        )
    ]
