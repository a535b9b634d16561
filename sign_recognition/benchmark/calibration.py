"""Thresholds that tell a robot no more false events than its user can bear."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sign_recognition.benchmark.online import GOALS, Judged, figures
from sign_recognition.benchmark.streams import IDLE_HANDS
from sign_recognition.decision import DecisionThresholds
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.replay import decide
from sign_recognition.parallel import Workers
from sign_recognition.training.calibrate import candidates, worth

# Longer smoothing and dwell is too late in any case.
_LONGEST_S = 0.2
# Tried with the best of the candidates: when a gesture ends, and when the same one may start again.
_ENDS, _REARMS_S = (0.2, 0.3, 0.4, 0.5), (0.05, 0.1, 0.2)

# Passes results on, of which there will be so many.
Track = Callable[[Iterable[Any], int], Iterable[Any]]


class CalibrationError(ValueError):
    """No thresholds keep the bound; the message says what the best can."""


@dataclass(frozen=True)
class Choice:
    """Thresholds, and what they do on the streams that they were chosen on.

    Attributes:
        thresholds: chosen.
        figures: as of online.figures.
    """

    thresholds: DecisionThresholds
    figures: dict[str, float]


def choose(
    judged: Sequence[Judged],
    most_false_per_hour: float,
    track: Track,
    label_dwell_s: Mapping[str, float],
) -> Choice:
    """The thresholds that are worth most among those that keep the bound and answer in time.

    The bound is on the hour of idle hands, for in that state a robot's user spends the hours. What
    is told while hands talk, at real footage and between gestures counts in the worth instead:
    footage and talk are dense with movement, and no hour of a user is like it.

    Args:
        judged: streams of all groups, with the model's scores.
        most_false_per_hour: the bound.
        track: passes on what comes of each candidate, with progress.
        label_dwell_s: of all candidates; what a model knows of its labels is not chosen anew.

    Raises:
        CalibrationError: no candidate keeps the bound and the goal of the median delay.
    """
    allowed = [replace(each, label_dwell_s=label_dwell_s) for each in candidates(_LONGEST_S)]
    with Workers[Sequence[Judged]](list, judged) as workers:

        def choices(of: Sequence[DecisionThresholds]) -> list[Choice]:
            return list(track(workers.map(_choice, of), len(of)))

        idle = track(workers.map(_idle_false_per_hour, allowed), len(allowed))
        tried = list(zip(allowed, idle, strict=True))
        quiet = [each for each, false in tried if false <= most_false_per_hour]
        if not quiet:
            quietest, least = min(tried, key=lambda pair: pair[1])
            raise CalibrationError(
                f'max_false_per_hour: {most_false_per_hour:g}, the least that any thresholds reach '
                f'is {least:.1f} an hour of idle hands ({_told(_choice(quietest, judged))})'
            )
        quick = [each for each in choices(quiet) if _is_quick(each)]
        if not quick:
            raise CalibrationError(
                f'max_false_per_hour: {most_false_per_hour:g}: no thresholds that keep it tell '
                f'gestures within {GOALS["delay_after_end_p50_s"]:g} s of their end, by the median'
            )
        best = max(quick, key=_worth)
        finer = choices(list(_finer(best.thresholds)))
    kept = [each for each in finer if each.figures['idle_false_per_hour'] <= most_false_per_hour]
    return max((best, *filter(_is_quick, kept)), key=_worth)


def _is_quick(choice: Choice) -> bool:
    # NaN, where nothing is found, is not.
    return choice.figures['delay_after_end_p50_s'] <= GOALS['delay_after_end_p50_s']


def _told(choice: Choice) -> str:
    thresholds, found = choice.thresholds, choice.figures['detection_rate']
    return (
        f'start_score {thresholds.start_score:g}, none_score {thresholds.none_score:g}, '
        f'smoothing_s {thresholds.smoothing_s:g}, dwell_s {thresholds.dwell_s:g}; '
        f'{found:.0%} of the gestures are found, median delay '
        f'{choice.figures["delay_after_end_p50_s"]:.2f} s'
    )


def _finer(thresholds: DecisionThresholds) -> Iterator[DecisionThresholds]:
    for end_score, rearm_s in itertools.product(_ENDS, _REARMS_S):
        if end_score <= thresholds.start_score:
            yield replace(thresholds, end_score=end_score, rearm_s=rearm_s)


def _worth(choice: Choice) -> float:
    names = ('gestures_false_per_hour', 'talking_false_per_hour', 'footage_false_per_hour')
    false_per_hour = [choice.figures[name] for name in names]
    known = [each for each in false_per_hour if not math.isnan(each)]
    return worth(choice.figures['detection_rate'], sum(known) / 60)


def _idle_false_per_hour(thresholds: DecisionThresholds, judged: Sequence[Judged]) -> float:
    idle = [each for each in judged if each.stream.group == IDLE_HANDS]
    return metrics.false_per_hour([each.outcome for each in _decided(idle, thresholds)])


def _choice(thresholds: DecisionThresholds, judged: Sequence[Judged]) -> Choice:
    return Choice(thresholds, figures(_decided(judged, thresholds)))


def _decided(judged: Sequence[Judged], thresholds: DecisionThresholds) -> list[Judged]:
    """The same scores, and the events that these thresholds make of them."""
    decided = []
    for each in judged:
        told = each.outcome.trace
        changed = decide(told.times_s, told.probabilities, each.outcome.labels, thresholds)
        decided.append(Judged(each.stream, replace(each.outcome, trace=changed)))
    return decided
