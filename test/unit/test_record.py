"""What the report says of what was heard."""

import json
import pickle

import numpy as np
import pytest

from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.evaluation.events import Interval, match_events
from sign_recognition.live.record import LiveRecord, write_report

S = 1_000_000_000


def event(kind, label, start_s, stamp_s, score=0.9):
    return GestureEvent(kind, label, score, round(start_s * S), round(stamp_s * S))


def heard(source='rendered signer (seed 0)', node='camera_node', rounds=1, **facts):
    """Ten seconds at 10 Hz with two gestures, of which one was shown, in each round."""
    record = LiveRecord(labels=('wave', 'none'))
    facts = {'source': source, 'first_stamp_ns': str(100 * S), 'drops': '3', **facts}
    record.on_diagnostics(node, facts)
    record.on_diagnostics('landmark_node', {'drops': '4'})
    for _ in range(rounds):
        hear_a_round(record)
    return record


def hear_a_round(record):
    for index in range(101):
        stamp_ns, now_s = (100 * S) + index * S // 10, index / 10
        record.on_stage('landmarks', stamp_ns, 0.02, now_s)
        record.on_scores(stamp_ns, np.array([0.1, 0.9], np.float32), 1, now_s)
        record.on_stage('camera_to_command', stamp_ns, 0.03, now_s)
        record.on_stage('camera_to_command', stamp_ns, 0.05, now_s)
        record.on_command(np.array([0.1, 0, 0, 0, 0, 0.0]))
    record.on_gesture(event(EventKind.START, 'wave', 102, 102.5))
    record.on_gesture(event(EventKind.HOLD, 'wave', 102, 102.7, 0.95))
    record.on_gesture(event(EventKind.END, 'wave', 102, 103, 0.2))
    record.on_gesture(event(EventKind.START, 'wave', 108, 108))
    record.on_truth(event(EventKind.END, 'wave', 101.8, 102.4))


def test_the_report_of_a_run():
    report = heard().report()
    assert report['rate_hz'] == 10
    assert report['drops'] == 7
    assert report['latency_ms']['camera_to_command'] == {'p50': 30, 'p95': 30}
    assert report['commands'] == {
        'count': 101,
        'last': {'linear_x': 0.1, 'linear_y': 0, 'linear_z': 0,
                 'angular_x': 0, 'angular_y': 0, 'angular_z': 0},
    }  # fmt: skip
    assert report['events'][0] == {
        'label': 'wave', 'start': 2.0, 'end': 3.0, 'score': 0.95, 'stamp': 2.5,
    }  # fmt: skip
    assert report['recall'] == 1.0
    assert report['false_per_minute'] == 6.0
    assert report['by_label'] == {'wave': {'shown': 1, 'found': 1, 'false': 1}}


def test_without_the_signer_there_is_no_truth():
    assert not heard('clip.mp4').report().keys() & {'truth', 'recall', 'false_per_minute'}


@pytest.mark.parametrize(('truth', 'known'), [('True', True), ('False', False)])
def test_a_bag_says_whether_it_knows_the_truth(truth, known):
    report = heard('bag walk', 'replay_node', truth=truth).report()
    assert ('recall' in report) is known
    assert report['events'][0]['start'] == 2.0


def test_every_round_of_a_loop_counts():
    report = heard('bag walk', 'replay_node', rounds=3, truth='True').report()
    assert report['duration_s'] == 30.0
    assert report['by_label'] == {'wave': {'shown': 3, 'found': 3, 'false': 3}}
    assert report['false_per_minute'] == 6.0


def test_a_stop_without_an_image_has_no_latency():
    record = heard()
    record.on_stage('camera_to_command', 777 * S, 0.0, 11.0)
    assert record.report()['latency_ms']['camera_to_command']['p50'] == 30


def test_percentiles_need_no_list_of_ages():
    ages_s = np.random.default_rng(0).gamma(2.0, 0.02, 997).round(4)
    record = LiveRecord()
    for index, age_s in enumerate(ages_s):
        record.on_stage('landmarks', index + 1, age_s, index / 30)
    p50, p95 = np.percentile(ages_s * 1e3, [50, 95]).round(2)
    assert record.report()['latency_ms']['landmarks'] == pytest.approx({'p50': p50, 'p95': p95})


def test_memory_does_not_grow_with_the_session():
    record = LiveRecord()
    sizes = []
    for image in range(1, 4001):
        record.on_stage('landmarks', image, 0.03 + (image % 50) / 1000, image / 30)
        record.on_scores(image, np.array([0.1, 0.9], np.float32), 1, image / 30)
        if image % 1000 == 0:
            held = {name: value for name, value in vars(record).items() if name != '_lock'}
            sizes.append(len(pickle.dumps(held)))
    assert sizes[-1] < 1.05 * sizes[0]


def test_an_age_of_another_clock_is_a_figure_too():
    record = LiveRecord()
    record.on_stage('landmarks', 1, -1e9, 0.0)
    assert record.report()['latency_ms']['landmarks'] == {'p50': -60_000.0, 'p95': -60_000.0}


def test_nothing_heard_is_a_report_too():
    report = LiveRecord().report()
    assert report['rate_hz'] == 0
    assert report['events'] == []
    assert report['latency_ms']['landmarks'] == {'p50': None, 'p95': None}
    json.dumps(report, allow_nan=False)


def test_a_report_is_whole_or_not_there(tmp_path):
    path = tmp_path / 'report.json'
    with pytest.raises(TypeError):
        write_report(path, {'bad': object()})
    assert [*tmp_path.iterdir()] == []
    write_report(path, {'good': 1})
    assert json.loads(path.read_text()) == {'good': 1}


@pytest.mark.parametrize(
    ('start_s', 'label', 'found'),
    [(1.0, 'wave', True), (2.0, 'wave', True), (2.7, 'wave', True), (2.8, 'wave', False),
     (0.9, 'wave', False), (1.5, 'fist', False)],
)  # fmt: skip
def test_an_event_is_a_strokes_when_label_and_time_agree(start_s, label, found):
    match = match_events([Interval('wave', 1.0, 2.0)], [Interval(label, start_s, start_s + 1)])
    assert (match.recall == 1.0) is found
    assert (match.false == ()) is found


def test_one_stroke_explains_one_event():
    strokes = [Interval('wave', 1.0, 2.0), Interval('wave', 3.0, 4.0)]
    events = [Interval('wave', 1.2, 2), Interval('wave', 1.9, 2), Interval('wave', 3.5, 4)]
    assert match_events(strokes, events).found == (0, 2)
    assert match_events(strokes, events).false == (1,)
