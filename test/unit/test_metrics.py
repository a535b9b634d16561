"""Figures of an evaluation: on stories with known results, and by their properties."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import LATEST_START_S, Detection, Interval
from sign_recognition.evaluation.metrics import Outcome
from sign_recognition.evaluation.replay import Trace

LABELS = ('A', 'B', 'none')
RATE_HZ = 20


def event(label, start_s, end_s, announced_s=None):
    return Detection(label, start_s, start_s if announced_s is None else announced_s, end_s, 0.9)


def outcome(truth=(), events=(), duration_s=60.0, foreign=(), shift_s=0.0, scores=None):
    """Steps of which each is sure of what is performed, or has the given (N, 3) scores."""
    times_s = np.arange(round(duration_s * RATE_HZ) + 1) / RATE_HZ
    if scores is None:
        scores = np.tile(np.float32([0, 0, 1]), (len(times_s), 1))
        for known in truth:
            inside = (times_s >= known.start_s) & (times_s <= known.end_s)
            scores[inside] = np.eye(3, dtype=np.float32)[LABELS.index(known.label)]
    moved = [
        Detection(e.label, e.start_s + shift_s, e.announced_s + shift_s, e.end_s + shift_s, e.score)
        for e in events
    ]
    shifted = [Interval(t.label, t.start_s + shift_s, t.end_s + shift_s) for t in truth]
    trace = Trace(times_s + shift_s, scores, tuple(moved))
    return Outcome('x', duration_s + shift_s, LABELS, trace, tuple(shifted), tuple(foreign))


@st.composite
def stories(draw, max_gestures=6):
    """Gestures that do not overlap, each told or not, and false events between them."""
    truth, events, at_s = [], [], 0.0
    for _ in range(draw(st.integers(0, max_gestures))):
        start_s = at_s + draw(st.integers(20, 60)) / RATE_HZ
        end_s = start_s + draw(st.integers(4, 30)) / RATE_HZ
        label = draw(st.sampled_from('AB'))
        kind = draw(st.sampled_from(('told', 'silent', 'false')))
        if kind != 'false':
            truth.append(Interval(label, start_s, end_s))
        if kind != 'silent':
            events.append(event(label, start_s, end_s, end_s))
        at_s = end_s + LATEST_START_S
    return outcome(truth, events)


def perfect(story):
    events = [event(t.label, t.start_s, t.end_s, t.end_s) for t in story.truth]
    return outcome(story.truth, events)


def test_a_story_with_known_figures():
    truth = [Interval('A', 10, 11), Interval('B', 20, 21), Interval('A', 30, 31)]
    events = [
        event('A', 10.5, 11.5, 11.0),  # found, half of it overlaps
        event('A', 20.5, 21.0, 20.8),  # the wrong label, inside B
        event('B', 50, 51),  # while nothing happens
    ]
    found = metrics.figures([outcome(truth, events, duration_s=3600.0)])
    assert found['detection_rate'] == pytest.approx(1 / 3)
    assert found['false_positive_ratio'] == pytest.approx(2 / 3)
    assert found['levenshtein_accuracy'] == pytest.approx(1 - 2 / 3)
    assert found['false_per_hour'] == pytest.approx(2)
    assert found['idle_false_per_hour'] == pytest.approx(3600 / (3600 - 3 * (1 + LATEST_START_S)))
    # A: 0.5 s in common of 10 to 11.5, 20.5 to 21 and 30 to 31; B: nothing.
    assert found['jaccard_index'] == pytest.approx((0.5 / 3.0 + 0) / 2)
    assert found['delay_after_start_p50_s'] == pytest.approx(1.0)
    assert found['delay_after_end_p95_s'] == pytest.approx(0.0)


def test_the_confusion_matrix_says_what_was_told_instead():
    truth = [Interval('A', 10, 11), Interval('B', 20, 21), Interval('A', 30, 31)]
    foreign = [Interval('wave', 40, 41), Interval('wave', 45, 46)]
    events = [event('A', 10.5, 11), event('A', 20.5, 21), event('B', 40.5, 41), event('B', 50, 51)]
    table = metrics.confusion([outcome(truth, events, foreign=foreign)])
    assert table == {
        'A': {'A': 1, 'B': 0, 'none': 1},
        'B': {'A': 1, 'B': 0, 'none': 0},
        'wave': {'A': 0, 'B': 1, 'none': 1},
        'none': {'A': 0, 'B': 1, 'none': 0},
    }


def test_an_event_at_a_foreign_movement_is_false_but_not_idle():
    found = metrics.figures([outcome([], [event('B', 40.5, 41)], foreign=[Interval('w', 40, 41)])])
    assert found['false_per_hour'] == pytest.approx(60)
    assert found['idle_false_per_hour'] == 0
    assert math.isnan(found['detection_rate'])


def test_by_label():
    truth = [Interval('A', 10, 11), Interval('A', 20, 21), Interval('A', 30, 31)]
    rows = metrics.by_label([outcome(truth, [event('A', 10.5, 11), event('A', 50, 51)])])
    assert (rows['A'].shown, rows['A'].found, rows['A'].false) == (3, 1, 1)
    assert rows['A'].recall == pytest.approx(1 / 3)
    assert rows['A'].precision == pytest.approx(1 / 2)
    assert rows['A'].f1 == pytest.approx(2 / 5)
    assert 'B' not in rows


def test_nothing_gives_no_figure():
    assert all(math.isnan(value) for value in metrics.figures([]).values())
    assert metrics.confusion([]) == {'none': {'none': 0}}
    assert metrics.reliability([]).counts.sum() == 0


@given(stories())
def test_perfect_events_are_perfect(story):
    found = metrics.figures([perfect(story)])
    if story.truth:
        assert found['detection_rate'] == found['levenshtein_accuracy'] == found['macro_f1'] == 1
        assert found['jaccard_index'] == pytest.approx(1)
        assert found['false_positive_ratio'] == 0
        assert found['calibration_error'] == pytest.approx(0)
    assert found['false_per_hour'] == found['idle_false_per_hour'] == 0


@given(st.lists(stories(), max_size=4), st.randoms())
def test_the_order_of_the_recordings_does_not_matter(told, random):
    shuffled = list(told)
    random.shuffle(shuffled)
    expected = metrics.figures(told)
    assert metrics.figures(shuffled) == pytest.approx(expected, nan_ok=True)
    assert metrics.confusion(shuffled) == metrics.confusion(told)
    silent = [outcome(each.truth) for each in told], [outcome(each.truth) for each in shuffled]
    bounds = [
        metrics.bootstrap_difference(one, other, rounds=50)
        for one, other in zip(silent, (told, shuffled), strict=True)
    ]
    assert bounds[0] == pytest.approx(bounds[1], nan_ok=True)


@given(stories(), st.integers(0, 1000))
def test_a_shift_in_time_does_not_matter(story, steps):
    moved = outcome(story.truth, story.detections, shift_s=float(steps))
    expected, found = metrics.figures([story]), metrics.figures([moved])
    for name in found.keys() - {'false_per_hour', 'idle_false_per_hour'}:  # the time is longer
        assert found[name] == pytest.approx(expected[name], nan_ok=True, abs=1e-6)


@given(stories())
def test_figures_stay_in_their_range(story):
    found = metrics.figures([story])
    for name in ('detection_rate', 'jaccard_index', 'macro_f1', 'calibration_error'):
        assert math.isnan(found[name]) or 0 <= found[name] <= 1
    assert math.isnan(found['levenshtein_accuracy']) or found['levenshtein_accuracy'] <= 1


@given(stories())
def test_every_event_and_every_gesture_is_in_one_cell(story):
    table = metrics.confusion([story])
    cells = sum(sum(row.values()) for row in table.values())
    told = sum(n for row in table.values() for label, n in row.items() if label != 'none')
    assert told == len(story.detections)
    assert cells - sum(table['none'].values()) == len(story.truth)


@given(stories())
def test_one_more_false_event_makes_nothing_better(story):
    worse = outcome(story.truth, [*story.detections, event('A', 59.0, 59.5)])
    before, after = metrics.figures([story]), metrics.figures([worse])
    # Levenshtein looks at order alone: a false event may stand in for a missed gesture.
    for name in metrics.BETTER.keys() - {'levenshtein_accuracy'}:
        direction = metrics.BETTER[name]
        if not math.isnan(before[name]):
            assert direction * (after[name] - before[name]) <= 1e-9, name


@given(st.text('AB', max_size=6), st.text('AB', max_size=6), st.text('AB', max_size=6))
def test_the_edit_distance_is_a_distance(one, other, third):
    distance = metrics.edit_distance
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) == distance(other, one)
    assert distance(one, third) <= distance(one, other) + distance(other, third)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


def test_reliability_asks_how_often_a_score_was_right():
    scores = np.float32([[0.85, 0.0, 0.15]] * 4 + [[0.0, 0.65, 0.35]] * 2 + [[0.1, 0.1, 0.8]] * 15)
    story = outcome([Interval('A', 0, 0.12)], duration_s=1.0, scores=scores)
    figures = metrics.reliability([story])
    assert list(figures.counts[[6, 8]]) == [2, 4]
    assert figures.counts.sum() == 6  # 'none' leads at the others
    assert figures.accuracy[8] == 1
    assert figures.accuracy[6] == 0
    assert figures.error == pytest.approx((4 * 0.15 + 2 * 0.65) / 6, abs=1e-6)


def test_mcnemar_is_the_exact_binomial_test():
    assert metrics.mcnemar([True] * 5, [True] * 5) == 1
    # 5 against 0: 2 * 0.5 ** 5
    assert metrics.mcnemar([True] * 5 + [False], [False] * 6) == pytest.approx(0.0625)
    # 3 against 1: 2 * (1 + 4) / 16
    assert metrics.mcnemar([True] * 3 + [False], [False] * 3 + [True]) == pytest.approx(0.625)
    assert metrics.mcnemar([], []) == 1


def test_the_bootstrap_sees_a_clear_difference_and_no_other():
    quiet = [replace(outcome(), name=str(n)) for n in range(5)]
    noisy = [outcome(events=[event('A', t, t + 1) for t in range(1, 60, 10)]) for _ in range(5)]
    low, high = metrics.bootstrap_difference(quiet, noisy)
    assert 0 < low <= high
    assert low == pytest.approx(360)  # one in each block of ten seconds
    assert metrics.bootstrap_difference(noisy, noisy) == (0, 0)
    assert all(math.isnan(b) for b in metrics.bootstrap_difference([], []))
    one = [outcome(duration_s=5.0)]
    assert all(math.isnan(b) for b in metrics.bootstrap_difference(one, one))
