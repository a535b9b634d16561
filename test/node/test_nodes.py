"""Each node on its topics."""

import itertools
import math
import re
import time

import cv2
import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger
from support import LABELS, contract, frame, write_image_model, write_model

from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.live.record import LiveRecord
from sign_recognition.model_contract import ImageInput
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.nodes import camera_node, conversions, qos
from sign_recognition.nodes.camera_node import CameraNode, CameraParameters
from sign_recognition.nodes.control_node import ControlNode, ControlParameters
from sign_recognition.nodes.diagnostics import report_name
from sign_recognition.nodes.landmark_node import LandmarkNode, LandmarkParameters
from sign_recognition.nodes.monitor import MonitorNode
from sign_recognition.nodes.parameters import ParameterError
from sign_recognition.nodes.recognition_node import RecognitionNode, RecognitionParameters
from sign_recognition.nodes.recorder_node import RecorderParameters
from sign_recognition.nodes.replay_node import ReplayParameters
from sign_recognition.nodes.runner import EXIT_START_FAILED
from sign_recognition.resources import config_file
from sign_recognition.sources.base import Capture, SourceError

PATIENCE_S = 30.0
# Deeper than the graph's own, so that a test hears every image.
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture
def folder(tmp_path):
    for index in range(5):
        cv2.imwrite(str(tmp_path / f'{index}.png'), np.full((48, 64, 3), 40 * index, np.uint8))
    return tmp_path


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / 'tiny.onnx', contract().to_metadata())


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_text(
        'gestures: {Swipe Right: {linear_x: 0.3, for_s: 60}, Swipe Left: stop, Expand: rearm}'
    )
    return path


def test_camera_shows_every_picture_once_and_ends(ros, folder):
    (camera,) = ros.start(
        CameraNode, camera_node={'source': str(folder), 'rate_hz': 20.0, 'frame_id': 'eye'}
    )
    images = ros.listen(Image, 'image_raw', BEST_EFFORT)
    ros.wait(camera.done.is_set)
    ros.spin(0.2)
    assert [int(m.data[0]) for m in images] == [0, 40, 80, 120, 160]
    assert {m.header.frame_id for m in images} == {'eye'}
    stamps_ns = [conversions.stamp_to_ns(m.header.stamp) for m in images]
    np.testing.assert_allclose(np.diff(stamps_ns), 5e7, atol=1000)
    assert camera.exit_code == 0


def test_camera_publishes_jpeg_on_request(ros, folder):
    ros.start(CameraNode, camera_node={'source': str(folder), 'jpeg': True})
    images = ros.listen(CompressedImage, 'image_raw/compressed', qos.IMAGE)
    ros.wait(lambda: images)
    assert conversions.jpeg_to_rgb(images[0]).shape == (48, 64, 3)


def test_camera_tells_what_the_signer_showed(ros):
    ros.start(CameraNode, camera_node={'source': 'signer', 'width': 160, 'height': 120})
    truth = ros.listen(Gesture, 'camera_node/truth', qos.EVENTS)
    ros.listen(Image, 'image_raw', qos.IMAGE)
    told = conversions.message_to_event(ros.wait(lambda: truth)[0])
    assert told.kind is EventKind.END
    assert 0.2e9 < told.stamp_ns - told.start_ns < 6e9


def test_the_signer_does_not_join_the_images_of_another_camera(ros):
    (camera,) = ros.start(CameraNode, camera_node={'source': 'signer'})
    ros.tester.create_publisher(Image, 'image_raw', qos.IMAGE)
    images = ros.listen(Image, 'image_raw', qos.IMAGE)
    ros.wait(camera.done.is_set)
    assert camera.exit_code == EXIT_START_FAILED
    assert images == []


def test_a_broken_picture_ends_the_camera_for_good(ros, folder):
    (folder / '1.png').write_bytes(b'no picture')
    (camera,) = ros.start(CameraNode, camera_node={'source': str(folder)})
    ros.listen(Image, 'image_raw', BEST_EFFORT)
    ros.wait(camera.done.is_set)
    assert camera.exit_code == EXIT_START_FAILED, 'started again it would show the first one again'


class Device:
    """A live source that gives so many images and is then unplugged."""

    name, rate_hz, live = 'device', 30.0, True

    def __init__(self, brightness, images=2):
        self.left, self.brightness, self.closed = images, brightness, False

    def read(self):
        assert not self.closed
        if not self.left:
            raise SourceError('device: unplugged')
        self.left -= 1
        return Capture(time.time(), np.full((4, 4, 3), self.brightness, np.uint8))

    def close(self):
        self.closed = True


def plug(monkeypatch, place, *found):
    """What is found at each opening in turn, and then nothing any more."""
    absent = SourceError('device: cannot be opened')
    openings = itertools.chain(found, itertools.repeat(absent))

    def open_next(*_):
        device = next(openings) or absent
        if isinstance(device, SourceError):
            raise device
        return device

    monkeypatch.setattr(place, open_next)
    monkeypatch.setattr(camera_node, '_FIRST_RETRY_S', 0.05)


def test_a_device_that_was_unplugged_is_opened_again(ros, monkeypatch):
    plug(monkeypatch, 'sign_recognition.nodes.camera_node.open_source', Device(1), None, Device(2))
    (camera,) = ros.start(CameraNode)
    images = ros.listen(Image, 'image_raw', BEST_EFFORT)
    ros.wait(lambda: any(message.data[0] == 2 for message in images))
    assert not camera.done.is_set()


def test_no_signer_takes_the_place_of_a_webcam_that_was_unplugged(ros, monkeypatch):
    monkeypatch.setattr('sign_recognition.sources.opening.find_webcams', lambda: ['/dev/video0'])
    # It gives its first image while it is looked for, before it is the source.
    plug(
        monkeypatch,
        'sign_recognition.sources.opening.Webcam',
        *(Device(1, images=3), None, None, Device(2, images=3)),
    )
    ros.start(CameraNode, camera_node={'source': 'auto'})
    images = ros.listen(Image, 'image_raw', BEST_EFFORT)
    ros.wait(lambda: any(message.data[0] != 1 for message in images))
    assert {(message.width, message.data[0]) for message in images} <= {(4, 1), (4, 2)}


def test_a_device_that_opens_and_gives_no_image_is_closed_before_the_next_try(ros, monkeypatch):
    silent = Device(0, images=0)
    plug(
        monkeypatch, 'sign_recognition.nodes.camera_node.open_source', Device(1), silent, Device(2)
    )
    ros.start(CameraNode)
    images = ros.listen(Image, 'image_raw', BEST_EFFORT)
    ros.wait(lambda: any(message.data[0] == 2 for message in images))
    assert silent.closed


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_a_camera_that_fails_in_its_thread_does_not_end_as_if_all_was_well(ros, monkeypatch):
    broken = Device(1)
    broken.read = lambda: 1 / 0
    plug(monkeypatch, 'sign_recognition.nodes.camera_node.open_source', broken)
    (camera,) = ros.start(CameraNode)
    ros.wait(camera.done.is_set)
    assert camera.exit_code == 1


def test_landmarks_come_for_every_image_and_survive_a_jump_back(ros):
    ros.start(LandmarkNode)
    heard = ros.listen(Landmarks, 'landmarks', qos.LANDMARKS)
    show = ros.speak(Image, 'image_raw', qos.IMAGE)
    black = np.zeros((48, 64, 3), np.uint8)
    for count, stamp_ns in enumerate((10**12, 10**12 + 33_000_000, 5 * 10**11), start=1):
        show(conversions.image_to_message(black, stamp_ns, 'eye'))
        ros.wait(lambda count=count: len(heard) == count)
    assert [conversions.stamp_to_ns(m.header.stamp) for m in heard][2] == 5 * 10**11
    assert heard[0].header.frame_id == 'eye'
    assert (heard[0].width, heard[0].height, heard[0].mirrored) == (64, 48, True)
    assert all(math.isnan(value) for value in heard[0].points)


def test_landmarks_pass_over_an_image_that_they_cannot_read(ros):
    ros.start(LandmarkNode)
    heard = ros.listen(Landmarks, 'landmarks', qos.LANDMARKS)
    show = ros.speak(Image, 'image_raw', qos.IMAGE)
    strange = conversions.image_to_message(np.zeros((4, 4, 3), np.uint8), 1, 'eye')
    strange.encoding = 'x-ray'
    show(strange)
    ros.spin(0.2)
    show(conversions.image_to_message(np.zeros((48, 64, 3), np.uint8), 2, 'eye'))
    assert conversions.stamp_to_ns(ros.wait(lambda: heard)[0].header.stamp) == 2


def test_landmarks_of_compressed_images(ros):
    ros.start(LandmarkNode, landmark_node={'transport': 'compressed', 'mirrored': False})
    heard = ros.listen(Landmarks, 'landmarks', qos.LANDMARKS)
    show = ros.speak(CompressedImage, 'image_raw/compressed', qos.IMAGE)
    show(conversions.image_to_jpeg(np.zeros((48, 64, 3), np.uint8), 7, 'eye', 80))
    assert not ros.wait(lambda: heard)[0].mirrored


def test_recognition_tells_scores_events_and_facts(ros, model):
    ros.start(RecognitionNode, recognition_node={'model': str(model)})
    scores = ros.listen(GestureScores, 'gesture_scores', qos.SCORES)
    gestures = ros.listen(Gesture, 'gesture', qos.EVENTS)
    show = ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)
    facts = ros.listen(ModelInfo, 'model_info', qos.LATCHED)
    assert ros.wait(lambda: facts)[0].labels == list(LABELS)
    for index in range(120):
        x = 0.95 if 40 <= index < 80 else 0.5
        show(conversions.landmarks_to_message(frame(100 + index / 20, x), 'eye'))
        ros.wait(lambda index=index: scores and len(scores) > index)
    ros.wait(lambda: gestures and gestures[-1].kind == Gesture.END)
    assert [g.label for g in gestures if g.kind == Gesture.START] == ['Swipe Right']
    assert {g.header.frame_id for g in gestures} == {'eye'}
    assert scores[-1].hands_seen == 1
    assert sum(scores[-1].probabilities) == pytest.approx(1, abs=1e-5)


class Upstream:
    """Plays everything before control: alive scores, and gestures at will."""

    def __init__(self, ros, stamped=True):
        self.ros = ros
        command_type = TwistStamped if stamped else Twist
        self.commands = ros.listen(command_type, 'cmd_vel', qos.COMMAND)
        self.score = ros.speak(GestureScores, 'gesture_scores', qos.SCORES)
        self.gesture = ros.speak(Gesture, 'gesture', qos.EVENTS)

    def live(self, duration_s, hands=1):
        ends_s = time.monotonic() + duration_s
        while time.monotonic() < ends_s:
            self.score(
                conversions.scores_to_message(
                    np.zeros(3, np.float32), hands, conversions.header(self.now_ns(), 'eye')
                )
            )
            self.ros.spin(0.02)

    def start(self, label, age_s=0.0):
        stamp_ns = self.now_ns() - round(age_s * 1e9)
        event = GestureEvent(EventKind.START, label, 0.9, stamp_ns, stamp_ns)
        self.gesture(conversions.event_to_message(event, 'eye'))

    def drive(self):
        """Start until the robot moves: a machine that stalls ends a motion, and rightly."""
        ends_s = time.monotonic() + PATIENCE_S
        while not self.commands or self.speed() != pytest.approx(0.3):
            assert time.monotonic() < ends_s, 'the robot never moves'
            self.live(0.2)
            self.start('Swipe Right')
            self.live(0.5)

    def now_ns(self):
        return self.ros.tester.get_clock().now().nanoseconds

    def speed(self):
        newest = self.commands[-1]
        return (newest.twist if hasattr(newest, 'twist') else newest).linear.x


def moving(ros, table, **parameters):
    (control,) = ros.start(ControlNode, control_node={'gestures': str(table), **parameters})
    upstream = Upstream(ros, parameters.get('stamped', True))
    upstream.drive()
    return control, upstream


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_recognition_runs_models_of_images_beside_their_landmarks(ros, tmp_path, transport):
    facts = contract(images=ImageInput(6, 8))
    path = write_image_model(tmp_path / 'red.onnx', facts)
    ros.start(RecognitionNode, recognition_node={'model': str(path), 'transport': transport})
    scores = ros.listen(GestureScores, 'gesture_scores', BEST_EFFORT)
    events = ros.listen(Gesture, 'gesture', qos.EVENTS)
    tell = ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)
    if transport == 'raw':
        show = ros.speak(Image, 'image_raw', qos.IMAGE)
    else:
        show = ros.speak(CompressedImage, 'image_raw/compressed', qos.IMAGE)
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 255

    tell(conversions.landmarks_to_message(frame(999.0), 'eye'))
    for step in range(12):
        seen = frame(1000 + step / 20)
        stamp_ns = seen.stamp_ns
        image = (
            conversions.image_to_message(red, stamp_ns, 'eye')
            if transport == 'raw'
            else conversions.image_to_jpeg(red, stamp_ns, 'eye', 95)
        )
        both = [(show, image), (tell, conversions.landmarks_to_message(seen, 'eye'))]
        for send, message in both if step % 3 else reversed(both):
            send(message)
        ros.wait(lambda count=step + 1: len(scores) == count)
    assert LABELS[np.argmax(scores[-1].probabilities)] == 'Swipe Right'
    assert [each.hands_seen for each in scores] == [1] * 12, 'none for landmarks without an image'
    told = [conversions.message_to_event(each) for each in ros.wait(lambda: events)]
    assert (told[0].kind, told[0].label) == (EventKind.START, 'Swipe Right')


def test_zero_is_sent_before_anything_was_heard(ros, table):
    ros.start(ControlNode, control_node={'gestures': str(table)})
    commands = ros.listen(TwistStamped, 'cmd_vel', qos.COMMAND)
    ros.wait(lambda: len(commands) > 5)
    assert {m.twist.linear.x for m in commands} == {0.0}
    assert commands[0].header.frame_id == 'base_link'


def test_a_command_carries_the_stamp_of_its_image(ros, table):
    _, upstream = moving(ros, table)
    seen_ns = conversions.stamp_to_ns(upstream.commands[-1].header.stamp)
    assert 0 <= upstream.now_ns() - seen_ns < 0.5e9


def test_silence_upstream_stops_the_robot_and_zero_is_held(ros, table):
    _, upstream = moving(ros, table)
    ros.wait(lambda: upstream.speed() == 0)
    before = len(upstream.commands)
    ros.spin(0.3)
    assert len(upstream.commands) > before + 5
    assert upstream.speed() == 0


def test_no_hand_stops_the_robot(ros, table):
    _, upstream = moving(ros, table)
    upstream.live(1.0, hands=0)
    assert upstream.speed() == 0


@pytest.mark.parametrize(('age_s', 'told'), [(2.0, r'\d s old'), (-2.0, r'\d s ahead')])
def test_an_old_gesture_and_one_of_a_clock_that_is_ahead_move_nothing(
    ros, table, capfd, age_s, told
):
    ros.start(ControlNode, control_node={'gestures': str(table)})
    upstream = Upstream(ros)
    upstream.live(0.2)
    upstream.start('Swipe Right', age_s)
    upstream.live(0.5)
    assert {each.twist.linear.x for each in upstream.commands} == {0.0}
    assert re.search(f'Swipe Right can only stop: .*{told}', capfd.readouterr().err)


def test_images_of_a_clock_that_is_ahead_are_no_sign_of_life(ros, table, capfd):
    _, upstream = moving(ros, table)
    true_now_ns = upstream.now_ns
    upstream.now_ns = lambda: true_now_ns() + 5_000_000_000
    upstream.live(1.0)
    assert upstream.speed() == 0
    assert re.search(
        r'images are ignored: [45]\.\d\d s ahead of this clock', capfd.readouterr().err
    )


def test_a_late_stop_stops_and_latches(ros, table):
    _, upstream = moving(ros, table)
    upstream.start('Swipe Left', age_s=2.0)
    upstream.live(0.5)
    assert upstream.speed() == 0
    upstream.start('Swipe Right')
    upstream.live(0.3)
    assert upstream.speed() == 0


def test_a_late_gesture_ends_what_went_before(ros, table):
    _, upstream = moving(ros, table)
    upstream.start('Swipe Right', age_s=2.0)
    upstream.live(0.5)
    assert upstream.speed() == 0


def test_control_may_begin_latched(ros, table):
    ros.start(ControlNode, control_node={'gestures': str(table), 'start_latched': True})
    upstream = Upstream(ros)
    for label in ('Swipe Right', 'Expand'):
        upstream.live(0.2)
        upstream.start(label)
        upstream.live(0.5)
        assert {each.twist.linear.x for each in upstream.commands} == {0.0}
    upstream.drive()


def test_stop_latches_over_topics_and_service(ros, table):
    _, upstream = moving(ros, table)
    upstream.start('Swipe Left')
    upstream.live(0.5)
    upstream.start('Swipe Right')
    upstream.live(0.3)
    assert upstream.speed() == 0
    client = ros.tester.create_client(Trigger, 'control_node/rearm')
    ros.wait(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    ros.wait(answer.done)
    assert answer.result().success
    upstream.drive()


def test_the_last_command_of_a_moving_robot_is_zero(ros, table):
    control, upstream = moving(ros, table)
    control.finish()
    ros.spin(0.2)
    assert upstream.speed() == 0


def test_twist_without_a_stamp(ros, table):
    _, upstream = moving(ros, table, stamped=False)
    assert isinstance(upstream.commands[-1], Twist)


def test_a_speed_limit_can_be_set_while_moving(ros, table):
    control, upstream = moving(ros, table)
    (result,) = control.set_parameters([Parameter('linear_mps', value=0.1)])
    assert result.successful
    upstream.live(0.5)
    assert upstream.speed() == pytest.approx(0.1)
    (result,) = control.set_parameters([Parameter('linear_mps', value=99.0)])
    assert not result.successful
    assert '99' in result.reason or 'range' in result.reason


def test_every_node_tells_its_rate_age_latency_and_drops(ros, table, model, folder):
    ros.start(
        CameraNode,
        LandmarkNode,
        RecognitionNode,
        ControlNode,
        camera_node={'source': str(folder), 'loop': True},
        recognition_node={'model': str(model)},
        control_node={'gestures': str(table)},
    )
    reports = ros.listen(DiagnosticArray, '/diagnostics', 10)
    names = {'/camera_node', '/landmark_node', '/recognition_node', '/control_node'}

    def flowing():
        newest = {r.status[0].hardware_id: r.status[0] for r in reports}
        return newest if {n for n, s in newest.items() if s.message == 'running'} == names else None

    for status in ros.wait(flowing).values():
        values = {
            each.key: float(each.value) for each in status.values if each.key.endswith(('hz', 'ms'))
        }
        assert values['rate_hz'] > 1
        assert 0 <= values['latency_p50_ms'] <= values['latency_p95_ms']
        assert 0 <= values['input_age_p50_ms'] <= values['input_age_p95_ms']
        assert 'drops' in {each.key for each in status.values}


def test_a_parameter_that_does_not_exist_is_warned_of(ros, table, capfd):
    # max_gap_s is another node's: a section for all nodes gives it to this one as well.
    given = {'gestures': str(table), 'linear_mp': 0.1, 'max_gap_s': 0.5}
    ros.start(ControlNode, control_node=given)
    warned = re.findall(r'parameter (\w+): no node of ours has one', capfd.readouterr().err)
    assert warned == ['linear_mp']


def test_the_monitor_listens_to_the_nodes_of_its_own_robot(ros):
    record = LiveRecord()
    ros.start()
    ros.add(MonitorNode(record, True, 'cmd_vel', lambda _: None))
    report = ros.speak(DiagnosticArray, '/diagnostics', 10)
    names = (
        report_name('/left', 'control_node'),
        'base: /driver',
        report_name('/', 'camera_node'),
    )
    for name, drops in zip(names, ('2', '0.3 %', '3'), strict=True):
        values = [KeyValue(key='drops', value=drops)]
        report(DiagnosticArray(status=[DiagnosticStatus(name=name, values=values)]))
    ros.wait(lambda: record.drops() == {'camera_node': 3})


@pytest.mark.parametrize('topic', ['gesture', 'label', 'camera_node/truth'])
def test_the_monitor_outlives_a_message_that_is_no_event(ros, topic):
    started = []
    ros.start()
    ros.add(MonitorNode(LiveRecord(), True, 'cmd_vel', started.append))
    ros.speak(Gesture, topic, qos.EVENTS)(Gesture(kind=9))
    ros.spin(0.2)
    event = GestureEvent(EventKind.START, 'Tap', 0.9, 1, 1)
    ros.speak(Gesture, 'gesture', qos.EVENTS)(conversions.event_to_message(event, 'eye'))
    ros.wait(lambda: [each.label for each in started] == ['Tap'])


@pytest.mark.parametrize(
    ('name', 'parameters'),
    [
        ('camera', CameraParameters),
        ('control', ControlParameters),
        ('landmark', LandmarkParameters),
        ('recognition', RecognitionParameters),
        ('recorder', RecorderParameters),
        ('replay', ReplayParameters),
    ],
)
def test_a_parameter_file_says_what_a_node_does_without_it(name, parameters):
    (content,) = yaml.safe_load(config_file(f'{name}.yaml').read_text()).values()
    defaults = vars(parameters())
    assert content['ros__parameters'].items() <= defaults.items()


@pytest.mark.parametrize(
    ('node_type', 'name', 'value', 'named'),
    [
        (CameraNode, 'rate_hz', 0.0, 'rate_hz.*0.0.*from 1.0 to 240.0'),
        (CameraNode, 'rate_hz', 30, r'rate_hz.*30, .*from 1.0 to 240.0.*30\.0'),
        (CameraNode, 'width', 'wide', "width.*'wide'.*whole number"),
        (LandmarkNode, 'solution', 'legs', "solution.*'legs'.*hands, holistic"),
        (LandmarkNode, 'model_complexity', 7, 'model_complexity.*7.*from 0 to 1'),
        (RecognitionNode, 'max_gap_s', -1.0, 'max_gap_s.*-1.0'),
        (RecognitionNode, 'max_unseen_s', -1.0, 'max_unseen_s.*-1.0'),
        (ControlNode, 'linear_mps', 1000.0, 'linear_mps.*1000.0.*from 0.0 to 10.0'),
        (ControlNode, 'stamped', 'yes', "stamped.*'yes'.*true or false"),
    ],
)
def test_a_wrong_parameter_stops_the_start_with_its_bound(ros, node_type, name, value, named):
    node_name = {
        CameraNode: 'camera_node', LandmarkNode: 'landmark_node',
        RecognitionNode: 'recognition_node', ControlNode: 'control_node',
    }[node_type]  # fmt: skip
    with pytest.raises(ParameterError, match=named):
        ros.start(node_type, **{node_name: {name: value}})
