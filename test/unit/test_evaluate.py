"""`sign-recognition evaluate` on small bags and a model that looks where the wrist is."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from support import LABELS, contract, frame, write_image_model, write_model
from typer.testing import CliRunner

from sign_recognition.bags.encoding import gesture_record, landmark_record
from sign_recognition.bags.storage import BagError, Record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.cli import app
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.recordings import (
    BagRecording,
    Recorded,
    VideoRecording,
    check_unwritten,
)
from sign_recognition.model_contract import ImageInput

RATE_HZ = 20
RIGHT, LEFT = LABELS[:2]
PLACES = {RIGHT: 0.95, LEFT: 0.05}
ORIGIN_S = 1_700_000_000


def mark(label, start_s, end_s, topic='/label'):
    ns = [round((ORIGIN_S + s) * 1e9) for s in (start_s, end_s)]
    return gesture_record(GestureEvent(EventKind.END, label, 1.0, *ns), topic)


def frames(shown, duration_s):
    """A hand in the middle that goes where the model looks, for [(label, start_s, end_s)]."""
    for index in range(round(duration_s * RATE_HZ) + 1):
        at_s = index / RATE_HZ
        x = next((PLACES[label] for label, start, end in shown if start <= at_s <= end), 0.5)
        yield frame(ORIGIN_S + at_s, x)


def write_bag(path, shown=((RIGHT, 2.0, 3.0),), truth=None, duration_s=6.0, delay_ns=0, extra=()):
    records = [
        landmark_record(f, '/robot/landmarks', f.stamp_ns + delay_ns)
        for f in frames(shown, duration_s)
    ]
    records += [mark(*each) for each in (shown if truth is None else truth)]
    with BagWriter(path) as writer:
        writer.add_topic('/label', 'sign_recognition/msg/Gesture')
        for record in sorted([*records, *extra], key=lambda each: each.log_ns):
            writer.write(record)
    return path


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp('model') / 'tiny.onnx', contract().to_metadata())


@pytest.fixture(scope='module')
def blind_model(tmp_path_factory):
    """Knows the two gestures by each other's names."""
    facts = contract(name='swapped', labels=(LEFT, RIGHT, 'none'))
    return write_model(tmp_path_factory.mktemp('model') / 'swapped.onnx', facts.to_metadata())


def run(*arguments):
    return CliRunner().invoke(app, ['evaluate', *map(str, arguments)])


def evaluated(tmp_path, *arguments):
    result = run(*arguments, '--report', tmp_path / 'report.json')
    assert result.exit_code == 0, result.output
    return json.loads((tmp_path / 'report.json').read_text())


def load(path, topic='', detector=None):
    return BagRecording(path, path.name, topic).load(lambda: detector, lambda: None)


def test_a_bag_with_its_own_truth(tmp_path, model):
    bag = write_bag(tmp_path / 'bag', [(RIGHT, 2.0, 3.0), (LEFT, 4.0, 5.0)])
    report = evaluated(tmp_path, bag, '--model', model)
    figures = report['models'][0]['figures']
    assert figures['detection_rate'] == 1
    assert figures['false_per_hour'] == 0
    assert 0 < figures['delay_after_start_p50_s'] < 0.5
    assert report['recordings'][0]['gestures'] == 2
    events = report['models'][0]['recordings']['bag']['events']
    assert [each['label'] for each in events] == [RIGHT, LEFT]
    assert all(each['right'] for each in events)


def test_missed_false_and_confused(tmp_path, model):
    shown = [(RIGHT, 1.0, 2.0), (LEFT, 4.0, 5.0), (RIGHT, 7.0, 8.0)]
    truth = [(LEFT, 1.0, 2.0), (LEFT, 4.0, 5.0), (RIGHT, 11.0, 12.0)]
    bag = write_bag(tmp_path / 'bag', shown, truth, duration_s=14.0)
    row = evaluated(tmp_path, bag, '--model', model)['models'][0]
    assert row['counts'] == {'shown': 3, 'found': 1, 'false': 2, 'seconds': 14.0}
    assert row['confusion'][LEFT] == {RIGHT: 1, LEFT: 1, 'none': 0}
    assert row['confusion']['none'][RIGHT] == 1
    assert row['confusion'][RIGHT]['none'] == 1
    assert row['recordings']['bag']['missed'][1] == {
        'label': RIGHT, 'start': 11.0, 'end': 12.0, 'hand_seen': 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('start_s', 'end_s', 'share'), [(1.0, 1.9, 1.0), (2.0, 2.9, 0.0), (1.5, 2.4, 0.5)]
)
def test_how_much_of_a_movement_a_hand_was_seen(start_s, end_s, share):
    """Ten images a second from second 5 on; after two seconds the hand is lost."""
    images = [frame(5.0 + tenth / 10, 0.5 if tenth < 20 else None) for tenth in range(40)]
    assert Recorded(images).hand_seen(Interval(RIGHT, start_s, end_s)) == share


def test_of_a_movement_without_images_nothing_is_known():
    assert np.isnan(Recorded([frame(0.0)]).hand_seen(Interval(RIGHT, 1.0, 2.0)))


def test_two_evaluations_are_identical_to_the_last_byte(tmp_path, model):
    write_bag(tmp_path / 'bags' / 'one')
    write_bag(tmp_path / 'bags' / 'two', truth=[(LEFT, 2.0, 3.0)])
    outputs = []
    for name in ('first', 'second'):
        folder = tmp_path / name
        folder.mkdir()
        paths = folder / 'report.json', folder / 'page.html'
        result = run(tmp_path / 'bags', '--model', model, '--report', paths[0], '--html', paths[1])
        assert result.exit_code == 0, result.output
        outputs.append([path.read_bytes() for path in paths])
    assert outputs[0] == outputs[1]
    assert str(tmp_path).encode() not in outputs[0][0] + outputs[0][1]


def test_the_page_is_well_formed_and_needs_nothing_beside_it(tmp_path, model, blind_model):
    write_bag(tmp_path / 'bags' / 'a<b>&"c"', truth=[(LEFT, 2.0, 3.0)])
    page = tmp_path / 'page.html'
    result = run(tmp_path / 'bags', '--model', model, '--model', blind_model, '--html', page)
    assert result.exit_code == 0, result.output
    text = page.read_text()
    ElementTree.fromstring(text.removeprefix('<!DOCTYPE html>'))
    links = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(.{22})', text)
    assert links and all(link.startswith('data:image/jpeg;base64') for link in links)
    assert '<script' not in text
    assert set(re.findall(r'https?://[^"]*', text)) == {'http://www.w3.org/2000/svg'}
    for words in ('The worst moments', 'missed', 'false', 'a hand in 100%', 'McNemar'):
        assert words in text
    assert 'a&lt;b&gt;&amp;' in text


def test_two_models_are_compared_on_the_same_gestures(tmp_path, model, blind_model):
    bag = write_bag(
        tmp_path / 'bag', [(RIGHT, 2.0 + 3 * n, 3.0 + 3 * n) for n in range(8)], duration_s=40.0
    )
    report = evaluated(tmp_path, bag, '--model', model, '--model', blind_model)
    assert [each['name'] for each in report['models']] == ['tiny', 'swapped']
    rates = [each['figures']['detection_rate'] for each in report['models']]
    assert rates == [1, 0]
    (comparison,) = report['comparisons']
    assert comparison['found_only_by_one'] == 8
    assert comparison['found_p'] == pytest.approx(2 / 2**8, abs=1e-6)
    low, high = comparison['false_per_hour_bounds']
    assert 0 < low < comparison['false_per_hour_difference'] < high


def test_a_label_that_no_model_knows_must_stay_silent(tmp_path, model):
    bag = write_bag(tmp_path / 'bag', truth=[('wave', 2.0, 3.0)])
    report = evaluated(tmp_path, bag, '--model', model)
    assert report['foreign_labels'] == ['wave']
    assert report['models'][0]['confusion']['wave'] == {RIGHT: 1, 'none': 0}


def test_without_truth_nothing_is_judged_unless_told_to(tmp_path, model):
    bag = write_bag(tmp_path / 'bag', truth=[])
    result = run(bag, '--model', model)
    assert 'no truth is known' in result.output
    report = evaluated(tmp_path, bag, '--model', model)
    assert report['recordings'][0]['truth_known'] is False
    assert report['models'][0]['figures']['false_per_hour'] is None
    assert report['models'][0]['recordings']['bag']['events'][0]['right'] is None
    report = evaluated(tmp_path, bag, '--model', model, '--silent')
    assert report['models'][0]['counts']['false'] == 1


def test_a_file_of_truth_wins(tmp_path, model):
    bag = write_bag(tmp_path / 'bag', truth=[(LEFT, 2.0, 3.0)])
    (tmp_path / 'truth.csv').write_text('start,end,label\n2,3,right\n')
    options = ('--truth', tmp_path / 'truth.csv', '--truth-map', f'right={RIGHT}')
    report = evaluated(tmp_path, bag, '--model', model, *options)
    assert report['models'][0]['figures']['detection_rate'] == 1


def test_saved_landmarks_are_evaluated_alike(tmp_path, model):
    source = tmp_path / 'bags'
    write_bag(source / 'one', truth=[(RIGHT, 2.0, 3.0), ('wave', 4.0, 5.0)])
    write_bag(source / 'idle', shown=[], truth=[('none', 0.0, 6.0)])
    before = evaluated(tmp_path, source, '--model', model, '--landmarks', tmp_path / 'kept')
    after = evaluated(tmp_path, tmp_path / 'kept' / 'bags', '--model', model)
    assert after == before
    assert all(each['truth_known'] for each in after['recordings'])
    result = run(source, '--model', model, '--landmarks', tmp_path / 'kept')
    assert result.exit_code == 2
    assert 'exists already' in result.output


def test_landmarks_that_cannot_be_kept_are_refused_before_anything_is_looked_at(tmp_path):
    recordings = [VideoRecording(tmp_path / name, f'clips/{name}') for name in ('a.mp4', 'a.avi')]
    check_unwritten(tmp_path / 'kept', recordings[:1])
    with pytest.raises(BagError, match=r'kept/clips/a: 2 recordings'):
        check_unwritten(tmp_path / 'kept', recordings)
    (tmp_path / 'kept/clips/a').mkdir(parents=True)
    with pytest.raises(BagError, match=r'kept/clips/a: exists already'):
        check_unwritten(tmp_path / 'kept', recordings[:1])


def test_a_mark_is_worth_more_than_what_the_source_told(tmp_path):
    told = [mark(RIGHT, 2.0, 3.0, '/camera_node/truth')]
    assert load(write_bag(tmp_path / 'a', truth=[], extra=told)).truth[0].label == RIGHT
    assert load(write_bag(tmp_path / 'b', truth=[(LEFT, 1, 2)], extra=told)).truth[0].label == LEFT
    assert load(write_bag(tmp_path / 'c', truth=[])).truth is None


def test_latency_is_read_off_the_recorder_s_clock(tmp_path):
    recorded = load(write_bag(tmp_path / 'bag', delay_ns=30_000_000))
    assert recorded.latency_ms['landmarks'].p50_ms == pytest.approx(30)
    # A recorder with another clock: no latency.
    assert load(write_bag(tmp_path / 'far', delay_ns=10**14)).latency_ms == {}


def image_message(at_s, value):
    """sensor_msgs/msg/Image of one grey, with the type store's own classes."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    kinds = store.types
    stamp = kinds['builtin_interfaces/msg/Time'](sec=int(at_s), nanosec=round(at_s % 1 * 1e9))
    message = kinds['sensor_msgs/msg/Image'](
        header=kinds['std_msgs/msg/Header'](stamp=stamp, frame_id='cam'),
        height=4, width=6, encoding='mono8', is_bigendian=0, step=6,
        data=np.full(24, value, np.uint8),
    )  # fmt: skip
    return bytes(store.serialize_cdr(message, 'sensor_msgs/msg/Image'))


def write_image_bag(path, topics=('/front/image',), count=5, stamped=True):
    """A bag of a camera alone, written by another tool."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for topic in topics:
            connection = writer.add_connection(topic, 'sensor_msgs/msg/Image', typestore=store)
            for index in range(count):
                at_s = ORIGIN_S + index / RATE_HZ
                data = image_message(at_s if stamped else 0, 10 * index)
                writer.write(connection, round(at_s * 1e9), data)
    return path


class GreyDetector:
    """Sees the hand where the image is as grey."""

    def detect(self, image_rgb, stamp_ns):
        return replace(frame(0, image_rgb[0, 0, 0] / 100), stamp_ns=stamp_ns)

    def close(self):
        pass


@pytest.mark.parametrize('stamped', [True, False])
def test_a_bag_of_another_tool_with_images_alone(tmp_path, stamped):
    path = write_image_bag(tmp_path / 'camera', stamped=stamped)
    recorded = load(path, detector=GreyDetector())
    assert recorded.truth is None
    assert recorded.duration_s == pytest.approx(4 / RATE_HZ)
    assert [f.points[21, 0] for f in recorded.frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    wanted = recorded.frames[2].stamp_ns
    pictures = BagRecording(path, 'camera').pictures({wanted})
    assert pictures[wanted].shape == (4, 6, 3) and (pictures[wanted] == 20).all()


def test_of_several_cameras_one_is_named(tmp_path, model):
    path = write_image_bag(tmp_path / 'camera', ('/left/image', '/right/image'))
    result = run(path, '--model', model)
    assert result.exit_code == 2
    assert re.search(r'error: .*camera: several topics.*/left/image.*--topic', result.output)
    assert len(load(path, '/right/image', GreyDetector()).frames) == 5
    assert BagRecording(path, 'camera').pictures({round(ORIGIN_S * 1e9)}) == {}
    result = run(path, '--model', model, '--topic', '/up')
    assert "topic '/up', there are ['/left/image', '/right/image']" in result.output


def test_a_cut_bag_is_evaluated_up_to_there(tmp_path, model):
    bag = write_bag(tmp_path / 'bag', duration_s=20.0)
    file = next(bag.glob('*.mcap'))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    result = run(bag, '--model', model, '--silent')
    assert result.exit_code == 0
    assert 'cut, read up to there: bag' in result.output


@pytest.mark.parametrize(
    ('make', 'fault'),
    [
        (lambda path: None, 'no such recording'),
        (lambda path: path.mkdir(), 'holds neither a bag nor a video'),
        (lambda path: path.write_text('x'), 'neither a bag nor a video'),
        (lambda path: os.mkfifo(path), 'neither a bag nor a video'),
        (lambda path: BagWriter(path).close(), 'neither landmarks nor images in it, only nothing'),
        (lambda path: write_strings(path), 'in it, only std_msgs/msg/String'),
        (lambda path: write_loop(path), 'stamps jump back after 6.000 s'),
        (lambda path: write_video(path), 'no video that OpenCV can read'),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_told_in_one_line(tmp_path, model, make, fault):
    path = tmp_path / 'recording'
    make(path)
    result = run(path, '--model', model)
    assert result.exit_code == 2
    assert len(result.output.strip().splitlines()) == 1
    assert result.output.startswith('error: ')
    assert fault in result.output
    assert 'recording' in result.output


def write_strings(path):
    with BagWriter(path) as writer:
        writer.write(Record('/chatter', 'std_msgs/msg/String', 1, b'\0\1\0\0\2\0\0\0x\0'))


def write_loop(path):
    extra = [landmark_record(frame(ORIGIN_S), '/robot/landmarks', (ORIGIN_S + 7) * 10**9)]
    write_bag(path, extra=extra)


def write_video(path):
    path.mkdir()
    (path / 'recording.mp4').write_bytes(b'no video')


def test_two_recordings_of_one_name_are_refused(tmp_path, model):
    paths = [write_bag(tmp_path / name / 'bag') for name in 'ab']
    result = run(*paths, '--model', model)
    assert result.exit_code == 2
    assert 'are both called bag' in result.output
    report = evaluated(tmp_path, tmp_path / 'a', tmp_path / 'b', '--model', model)
    assert [each['name'] for each in report['recordings']] == ['a/bag', 'b/bag']


class TestBaseline:
    def test_the_same_is_no_regression(self, tmp_path, model):
        bag, report = write_bag(tmp_path / 'bag'), tmp_path / 'report.json'
        evaluated(tmp_path, bag, '--model', model)
        result = run(bag, '--model', model, '--baseline', report)
        assert result.exit_code == 0, result.output

    def test_what_got_worse_is_named(self, tmp_path, model, blind_model):
        bag, report = write_bag(tmp_path / 'bag'), tmp_path / 'report.json'
        evaluated(tmp_path, bag, '--model', model)
        result = run(bag, '--model', blind_model, '--baseline', report)
        assert result.exit_code == 1
        assert 'worse: detection_rate: 0.0, was 1.0, allowed is a change of 0.02' in result.output
        assert 'worse: false_per_hour: 600.0, was 0.0' in result.output
        options = ('--tolerance', '1000')
        result = run(bag, '--model', blind_model, '--baseline', report, *options)
        # Figures that are there no more are worse in any case.
        assert result.exit_code == 1
        assert 'detection_rate' not in result.output.split('worse:', 1)[1]
        assert 'delay_after_end_p50_s: None, was' in result.output

    def test_other_recordings_are_refused(self, tmp_path, model):
        evaluated(tmp_path, write_bag(tmp_path / 'bag'), '--model', model)
        other = write_bag(tmp_path / 'other')
        result = run(other, '--model', model, '--baseline', tmp_path / 'report.json')
        assert result.exit_code == 2
        assert 'baseline: bag: 1 known gestures there, no such recording here' in result.output

    @pytest.mark.parametrize(
        ('change', 'fault'),
        [
            ({'duration_s': 7.0}, r'6\.0 s there, 7\.0 s here'),
            ({'truth': ((RIGHT, 2.0, 3.1),)}, r'truth \w{16} there, truth \w{16} here'),
            ({'truth': ((LEFT, 2.0, 3.0),)}, r'truth \w{16} there'),
            ({'truth': ()}, '1 known gestures there, no truth here'),
        ],
    )
    def test_another_truth_is_refused(self, tmp_path, model, change, fault):
        evaluated(tmp_path, write_bag(tmp_path / 'a/bag'), '--model', model)
        other, baseline = write_bag(tmp_path / 'b/bag', **change), tmp_path / 'report.json'
        result = run(other, '--model', model, '--baseline', baseline)
        assert result.exit_code == 2
        assert re.search(f'baseline: bag: {fault}', result.output), result.output

    def test_a_report_from_before_truths_had_a_digest_is_read(self, tmp_path, model):
        bag, path = write_bag(tmp_path / 'bag'), tmp_path / 'report.json'
        before = evaluated(tmp_path, bag, '--model', model)
        del before['recordings'][0]['truth']
        path.write_text(json.dumps(before))
        result = run(bag, '--model', model, '--baseline', path)
        assert result.exit_code == 0, result.output

    @pytest.mark.parametrize(
        ('text', 'fault'),
        [(None, 'No such file'), ('x', 'is no JSON'), ('{}', 'is no report'), ('[]', 'no report')],
    )
    def test_what_is_no_report_is_refused(self, tmp_path, model, text, fault):
        bag, path = write_bag(tmp_path / 'bag'), tmp_path / 'baseline.json'
        if text is not None:
            path.write_text(text)
        result = run(bag, '--model', model, '--baseline', path)
        assert result.exit_code == 2
        assert fault in result.output and 'baseline.json' in result.output

    def test_it_is_for_one_model(self, tmp_path, model):
        result = run(tmp_path, '--model', model, '--model', model, '--baseline', 'x')
        assert result.exit_code == 2
        assert 'baseline: is for one model, given are 2' in result.output


@pytest.mark.parametrize(
    ('options', 'fault'),
    [
        (('--model', 'nowhere.onnx'), 'model: '),
        (('--report', '/nowhere/report.json'), 'report: /nowhere is no folder'),
        (('--truth', 'nowhere.csv'), 'truth: nowhere.csv is no file'),
        (('--truth-map', 'left'), "truth-map: 'left'"),
        (('--truth-map', 'left=Tap'), '--truth-map, --tier: only together with --truth'),
        (('--tier', 'hands'), '--truth-map, --tier: only together with --truth'),
        (('--tolerance', '0'), '--tolerance: only together with --baseline'),
    ],
)
def test_options_that_cannot_be_are_told(tmp_path, model, options, fault):
    result = run(write_bag(tmp_path / 'bag'), '--model', model, *options)
    assert result.exit_code == 2
    assert fault in result.output
    assert Path(tmp_path / 'bag').is_dir()


def test_a_model_of_colour_images_is_refused(tmp_path):
    path = write_image_model(tmp_path / 'red.onnx', contract(images=ImageInput(6, 8)))
    result = run(write_bag(tmp_path / 'bag'), '--model', path)
    assert result.exit_code == 2
    assert 'reads images in colour' in result.output and 'red.onnx' in result.output
