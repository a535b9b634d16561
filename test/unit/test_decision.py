"""The decision policy as stories: what the scores do over time, and which events come of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sign_recognition.decision import (
    DecisionPolicy,
    DecisionThresholds,
    EventKind,
    GestureEvent,
)

LABELS = ('Swipe Right', 'Swipe Left', 'none')
STEP_NS = 50_000_000
THRESHOLDS = DecisionThresholds(
    start_score=0.7, end_score=0.4, smoothing_s=0.0, dwell_s=0.1, release_s=0.1, rearm_s=0.2
)


def play(
    policy: DecisionPolicy, story: list[tuple[str, float, int]], begin_ns: int = 0
) -> list[GestureEvent]:
    """Steps of 50 ms: (leading label, its score, how many steps); 'none' or, for it, nobody else
    gets the rest."""
    events, stamp_ns = [], begin_ns
    for label, score, steps in story:
        probabilities = np.zeros(len(LABELS), np.float32)
        probabilities[LABELS.index(label)] = score
        probabilities[LABELS.index('none' if label != 'none' else 'Swipe Left')] += 1 - score
        for _ in range(steps):
            events += policy.step(stamp_ns, probabilities)
            stamp_ns += STEP_NS
    return events


def told(events: list[GestureEvent]) -> list[tuple[str, str]]:
    """Without the HOLDs between."""
    return [(e.kind.value, e.label) for e in events if e.kind is not EventKind.HOLD]


@pytest.fixture
def policy() -> DecisionPolicy:
    return DecisionPolicy(LABELS, THRESHOLDS)


def test_one_gesture_starts_holds_and_ends_once(policy: DecisionPolicy) -> None:
    events = play(policy, [('none', 1.0, 5), ('Swipe Right', 0.9, 8), ('none', 1.0, 5)])
    kinds = [event.kind for event in events]
    assert kinds[0] is EventKind.START and kinds[-1] is EventKind.END
    assert kinds[1:-1] == [EventKind.HOLD] * (len(kinds) - 2)
    assert {event.label for event in events} == {'Swipe Right'}
    # It led from 0.25 s on, and dwelt for 0.1 s.
    assert events[0].start_ns == 5 * STEP_NS
    assert events[0].stamp_ns == 7 * STEP_NS
    assert events[0].score == pytest.approx(0.9)
    assert all(event.start_ns == 5 * STEP_NS for event in events)
    # Low from 0.65 s on, for 0.1 s.
    assert events[-1].stamp_ns == 15 * STEP_NS


@pytest.mark.parametrize(
    'story',
    [
        pytest.param([('none', 1.0, 40)], id='nothing happens'),
        pytest.param([('Swipe Right', 0.69, 40)], id='never sure enough'),
        pytest.param([('Swipe Right', 1.0, 2), ('none', 1.0, 5)], id='too short'),
        pytest.param([('Swipe Right', 1.0, 2), ('Swipe Left', 1.0, 2)] * 10, id='label flickers'),
        pytest.param([('none', 0.75, 3), ('none', 0.35, 1)] * 5, id='score spikes'),
    ],
)
def test_silent(policy: DecisionPolicy, story: list[tuple[str, float, int]]) -> None:
    assert play(policy, story) == []


def test_a_dip_above_the_end_score_does_not_end_it(policy: DecisionPolicy) -> None:
    story = [('Swipe Right', 0.9, 5), ('Swipe Right', 0.45, 10), ('Swipe Right', 0.9, 5)]
    assert told(play(policy, story)) == [('start', 'Swipe Right')]


def test_a_short_dip_below_the_end_score_does_not_end_it(policy: DecisionPolicy) -> None:
    story = [('Swipe Right', 0.9, 5), ('Swipe Right', 0.1, 2), ('Swipe Right', 0.9, 5)]
    assert told(play(policy, story)) == [('start', 'Swipe Right')]


def test_another_gesture_may_follow_at_once(policy: DecisionPolicy) -> None:
    story = [('none', 1.0, 5), ('Swipe Right', 0.9, 8), ('Swipe Left', 0.95, 12), ('none', 1.0, 9)]
    assert told(play(policy, story)) == [
        ('start', 'Swipe Right'), ('end', 'Swipe Right'),
        ('start', 'Swipe Left'), ('end', 'Swipe Left'),
    ]  # fmt: skip


def test_the_same_gesture_twice_gives_two_events(policy: DecisionPolicy) -> None:
    once = [('Swipe Right', 0.9, 8), ('none', 1.0, 8)]
    assert told(play(policy, once * 2)) == [('start', 'Swipe Right'), ('end', 'Swipe Right')] * 2


def test_the_same_gesture_after_too_short_a_rest_is_the_same(policy: DecisionPolicy) -> None:
    story = [('Swipe Right', 0.9, 8), ('none', 1.0, 4), ('Swipe Right', 0.95, 8), ('none', 1.0, 8)]
    assert told(play(policy, story)) == [('start', 'Swipe Right'), ('end', 'Swipe Right')]


def test_a_jump_back_ends_the_gesture_and_forgets_the_stream(policy: DecisionPolicy) -> None:
    play(policy, [('Swipe Right', 0.9, 8)], begin_ns=10**9)
    events = play(policy, [('Swipe Left', 0.9, 4)])
    assert told(events) == [('end', 'Swipe Right'), ('start', 'Swipe Left')]
    assert events[0].stamp_ns == 10**9 + 7 * STEP_NS
    assert events[1].start_ns == 0


def test_reset_ends_what_had_started_and_only_that(policy: DecisionPolicy) -> None:
    assert policy.reset() == []
    play(policy, [('Swipe Right', 0.9, 8)])
    assert told(policy.reset()) == [('end', 'Swipe Right')]
    assert policy.reset() == []
    assert play(policy, [('Swipe Right', 0.9, 2)]) == []


def test_a_gesture_starts_only_where_none_is_unlikely() -> None:
    policy = DecisionPolicy(LABELS, replace(THRESHOLDS, start_score=0.5, none_score=0.3))
    assert play(policy, [('Swipe Right', 0.65, 40)]) == []
    shared = np.array((0.55, 0.3, 0.15), np.float32)
    steps = (policy.step((100 + step) * STEP_NS, shared) for step in range(5))
    assert told([event for events in steps for event in events]) == [('start', 'Swipe Right')]


def test_a_label_may_have_to_lead_longer() -> None:
    policy = DecisionPolicy(LABELS, replace(THRESHOLDS, label_dwell_s={'Swipe Left': 0.3}))
    passing = [('none', 1.0, 1), ('Swipe Left', 0.9, 6), ('Swipe Right', 0.9, 3)]
    assert told(play(policy, passing)) == [('start', 'Swipe Right')]
    policy.reset()
    (start, *_) = play(policy, [('Swipe Left', 0.9, 7)])
    assert (start.label, start.stamp_ns - start.start_ns) == ('Swipe Left', 6 * STEP_NS)


def test_a_dwell_of_no_label_is_refused() -> None:
    thresholds = replace(THRESHOLDS, label_dwell_s={'Wave': 0.2})
    with pytest.raises(ValueError, match=r"label_dwell_s: \['Wave'\], allowed are labels"):
        DecisionPolicy(LABELS, thresholds)


def test_smoothing_is_by_time_and_not_by_frames() -> None:
    thresholds = DecisionThresholds(start_score=0.7, smoothing_s=0.2, dwell_s=0.0)
    starts_s = []
    for rate_hz in (10, 100):
        policy = DecisionPolicy(LABELS, thresholds)
        policy.step(0, np.array((0, 0, 1), np.float32))
        for frame in range(1, 10 * rate_hz):
            stamp_ns = round(frame * 1e9 / rate_hz)
            if policy.step(stamp_ns, np.array((1, 0, 0), np.float32)):
                starts_s.append(frame / rate_hz)
                break
    # 1 - exp(-t / 0.2) reaches 0.7 at 0.24 s.
    assert starts_s == [pytest.approx(0.3), pytest.approx(0.25)]


@pytest.mark.parametrize('smoothing_s', [0.0, 0.05])
@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_count_as_none(smoothing_s: float, bad: float) -> None:
    policy = DecisionPolicy(LABELS, replace(THRESHOLDS, smoothing_s=smoothing_s))
    assert policy.step(-STEP_NS, np.array((bad, 0, 1), np.float32)) == []
    story = [('Swipe Right', 1.0, 8), ('none', 1.0, 8), ('Swipe Left', 1.0, 8)]
    assert told(play(policy, story)) == [
        ('start', 'Swipe Right'), ('end', 'Swipe Right'), ('start', 'Swipe Left'),
    ]  # fmt: skip
    stamps_ns = range(100 * STEP_NS, 108 * STEP_NS, STEP_NS)
    steps = [policy.step(at, np.array((0, 1, bad), np.float32)) for at in stamps_ns]
    assert told([each for events in steps for each in events]) == [('end', 'Swipe Left')]


def test_the_scores_are_not_changed(policy: DecisionPolicy) -> None:
    scores = np.array((0.9, 0.05, 0.05), np.float32)
    before = scores.copy()
    for stamp_ns in range(0, 10 * STEP_NS, STEP_NS):
        policy.step(stamp_ns, scores)
    assert np.array_equal(scores, before)


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'start_score': 0.3, 'end_score': 0.5}, '0.5, 0.3'),
        ({'end_score': 0.0}, '0.0'),
        ({'start_score': 1.1}, '1.1'),
        ({'none_score': 0.0}, 'none_score: 0.0'),
        ({'dwell_s': -0.1}, 'dwell_s: -0.1'),
        ({'smoothing_s': float('nan')}, 'smoothing_s: nan'),
        ({'label_dwell_s': {'Swipe Left': -1}}, 'label_dwell_s: Swipe Left: -1'),
        ({'label_dwell_s': 0.2}, 'label_dwell_s: 0.2, allowed are seconds for'),
    ],
)
def test_bad_thresholds_are_named(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        DecisionThresholds(**values)


def test_labels_without_none_are_refused() -> None:
    with pytest.raises(ValueError, match="'none' must be among them"):
        DecisionPolicy(('a', 'b'), THRESHOLDS)
