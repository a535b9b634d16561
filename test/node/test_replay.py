"""The replay node: what a bag holds, on topics, with its time."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage
from support import frame

from sign_recognition.bags.encoding import gesture_record, landmark_record
from sign_recognition.bags.messages import COMPRESSED_IMAGE
from sign_recognition.bags.storage import BagError, Record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.live.record import LiveRecord
from sign_recognition.msg import Gesture, Landmarks
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.control_node import ControlNode
from sign_recognition.nodes.diagnostics import report_name
from sign_recognition.nodes.monitor import MonitorNode
from sign_recognition.nodes.parameters import ParameterError
from sign_recognition.nodes.replay_node import ReplayNode
from sign_recognition.nodes.runner import EXIT_START_FAILED

S = 1_000_000_000
BEGAN_NS = 1_700_000_000 * S
AGE_NS = 40_000_000
# Deeper than the graph's own, so that a test hears everything.
LANDMARKS = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
CLOCK = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)


def write(path, records):
    with BagWriter(path) as writer:
        for record in records:
            writer.write(record)
    return str(path)


def frames(count=10):
    """Landmarks at 20 Hz, each recorded 40 ms after its image."""
    for index in range(count):
        at_ns = BEGAN_NS + index * S // 20
        seen = dataclasses.replace(frame(0, 0.05 * index), stamp_ns=at_ns)
        yield landmark_record(seen, '/robot/landmarks', at_ns + AGE_NS, 'eye')


def label():
    event = GestureEvent(EventKind.END, 'Swipe Up', 1.0, BEGAN_NS, BEGAN_NS + S // 5)
    return gesture_record(event, '/robot/label', BEGAN_NS + S // 4)


@pytest.fixture
def bag(tmp_path):
    records = sorted([*frames(), label()], key=lambda record: record.log_ns)
    return write(tmp_path / 'bag', records)


def stamps(messages):
    return [conversions.stamp_to_ns(each.header.stamp) for each in messages]


def times(clocks):
    return [conversions.stamp_to_ns(each.clock) for each in clocks]


def test_the_messages_are_those_of_the_bag_and_the_time_is_theirs(ros, bag):
    ros.start(replay_node={'bag': bag})
    landmarks = []
    ros.tester.create_subscription(Landmarks, 'landmarks', landmarks.append, LANDMARKS, raw=True)
    truth = ros.listen(Gesture, 'label', qos.EVENTS)
    clocks = ros.listen(Clock, '/clock', CLOCK)
    replay = ros.add(ReplayNode())
    ros.wait(replay.done.is_set)
    recorded = [*frames()]
    ros.wait(lambda: len(landmarks) == 10 and truth and times(clocks)[-1] == recorded[-1].log_ns)
    assert landmarks == [each.data for each in recorded]
    assert truth[0].label == 'Swipe Up'
    assert conversions.stamp_to_ns(truth[0].start) == BEGAN_NS
    assert times(clocks) == sorted(times(clocks))
    assert times(clocks)[0] == BEGAN_NS + AGE_NS
    assert len(clocks) > 20
    assert replay.exit_code == 0


@pytest.mark.parametrize(
    ('start', 'monitored', 'expected'),
    [
        ('landmarks', True, {'/landmarks': 2, '/label': 1}),
        ('landmarks', False, {'/landmarks': 1, '/label': 0}),
        ('images', True, {'/image_raw/compressed': 1, '/label': 1}),
    ],
)
def test_the_bag_waits_for_everybody_who_listens(
    ros, tmp_path, monkeypatch, start, monitored, expected
):
    """Discovery finds one subscriber more of a topic each time that it is asked."""
    image = conversions.image_to_jpeg(np.full((48, 64, 3), 90, np.uint8), S, 'eye', 90)
    seen = Record(
        '/image_raw/compressed', COMPRESSED_IMAGE, BEGAN_NS, bytes(serialize_message(image))
    )
    bag = write(tmp_path / 'bag', [seen, *frames(1), label()])
    asked = Counter()

    def subscribers(publisher):
        asked[publisher.topic_name] += 1
        return asked[publisher.topic_name] - 1

    monkeypatch.setattr('rclpy.publisher.Publisher.get_subscription_count', subscribers)
    ros.start(replay_node={'bag': bag, 'start': start, 'monitored': monitored})
    replay = ros.add(ReplayNode())
    ros.wait(replay.done.is_set)
    assert {topic: count - 1 for topic, count in asked.items()} == expected


def test_the_bag_waits_until_its_own_control_knows_the_time(ros, bag):
    ros.start(replay_node={'bag': bag, 'controlled': True})
    landmarks = ros.listen(Landmarks, 'landmarks', LANDMARKS)
    clocks = ros.listen(Clock, '/clock', CLOCK)
    replay = ros.add(ReplayNode())
    report = ros.speak(DiagnosticArray, '/diagnostics', 10)

    def tell(robot, stamp_ns):
        name = report_name(robot, 'control_node')
        array = DiagnosticArray(status=[DiagnosticStatus(name=name)])
        array.header.stamp = conversions.ns_to_stamp(stamp_ns)
        report(array)

    begins_ns = BEGAN_NS + AGE_NS
    tell('', 0)
    tell('/other', begins_ns)
    ros.wait(lambda: len(clocks) > 5)
    assert {*times(clocks)} == {begins_ns}
    assert not landmarks
    tell('', begins_ns)
    ros.wait(replay.done.is_set)
    ros.wait(lambda: len(landmarks) == 10)


def test_a_loop_gives_the_same_again_and_time_jumps_back(ros, tmp_path):
    bag = write(tmp_path / 'bag', frames(3))
    ros.start(replay_node={'bag': bag, 'loop': True, 'rate': 10.0})
    landmarks = ros.listen(Landmarks, 'landmarks', LANDMARKS)
    clocks = ros.listen(Clock, '/clock', CLOCK)
    ros.add(ReplayNode())
    ros.wait(lambda: len(landmarks) >= 7 and (np.diff(times(clocks)) < 0).sum() >= 2)
    recorded = [each.log_ns - AGE_NS for each in frames(3)]
    assert stamps(landmarks)[:7] == [*recorded, *recorded, recorded[0]]
    jumps = np.diff(times(clocks))
    assert {*jumps[jumps < 0]} == {recorded[0] - recorded[-1]}


def test_images_of_another_clock_and_another_name(ros, tmp_path):
    image = np.full((48, 64, 3), 90, np.uint8)
    messages = [conversions.image_to_jpeg(image, n * S // 20, 'eye', 90) for n in range(1, 6)]
    records = [
        Record('/usb/picture', COMPRESSED_IMAGE, BEGAN_NS + n * S, bytes(serialize_message(each)))
        for n, each in enumerate(messages)
    ]
    ros.start(replay_node={'bag': write(tmp_path / 'bag', records), 'rate': 10.0})
    images = ros.listen(CompressedImage, 'image_raw/compressed', LANDMARKS)
    clocks = ros.listen(Clock, '/clock', CLOCK)
    replay = ros.add(ReplayNode())
    ros.wait(replay.done.is_set)
    ros.wait(lambda: len(images) == 5)
    assert images == messages
    assert times(clocks)[0] == S // 20


def test_ages_are_those_of_the_recording(ros, bag):
    record = LiveRecord()
    ros.start(replay_node={'bag': bag})
    ros.add(MonitorNode(record, True, 'cmd_vel', lambda _: None, sim_time=True))
    replay = ros.add(ReplayNode())
    ros.wait(replay.done.is_set)
    ros.wait(lambda: record.truth)
    # Time and landmarks travel by different ways: one may overtake the other by a tick or two.
    assert record.report()['latency_ms']['landmarks']['p50'] == pytest.approx(40, abs=30)


def test_a_clock_that_stands_still_does_not_keep_zero_from_being_sent(ros):
    ros.start(ControlNode, control_node={'use_sim_time': True})
    commands = ros.listen(TwistStamped, 'cmd_vel', qos.COMMAND)
    tell_time = ros.speak(Clock, '/clock', qos.CLOCK)
    tell_time(Clock(clock=conversions.ns_to_stamp(BEGAN_NS)))
    ros.wait(lambda: commands and stamps(commands)[-1] == BEGAN_NS)
    before = len(commands)
    ros.wait(lambda: len(commands) > before + 20)
    assert {*stamps(commands[before:])} == {BEGAN_NS}
    assert not any(each.twist.linear.x for each in commands)


def test_a_bag_moves_no_second_robot(ros, bag):
    ros.start(ControlNode, ControlNode, replay_node={'bag': bag})
    landmarks = ros.listen(Landmarks, 'landmarks', LANDMARKS)
    replay = ros.add(ReplayNode())
    ros.wait(replay.done.is_set)
    ros.spin(0.1)
    assert replay.exit_code == EXIT_START_FAILED
    assert not landmarks


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_a_replay_that_fails_in_its_thread_does_not_end_as_if_all_was_well(ros, bag, monkeypatch):
    monkeypatch.setattr(ReplayNode, '_publish_all', lambda _: 1 / 0)
    (replay,) = ros.start(ReplayNode, replay_node={'bag': bag})
    ros.wait(replay.done.is_set)
    assert replay.exit_code == 1


@pytest.mark.parametrize(
    ('parameters', 'named'),
    [
        ({'bag': '/absent'}, '/absent'),
        ({'start': 'images'}, 'no images'),
        ({'start': 'legs'}, "start.*'legs'.*auto, landmarks, images"),
        ({'rate': 0.0}, 'rate.*0.0.*from 0.1 to 10.0'),
    ],
)
def test_what_cannot_be_played_stops_the_start(ros, bag, parameters, named):
    with pytest.raises((BagError, ParameterError), match=named):
        ros.start(ReplayNode, replay_node={'bag': bag, **parameters})
