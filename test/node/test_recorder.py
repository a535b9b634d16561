"""The recorder on its topics, and the bag that it leaves."""

import numpy as np
import pytest
from geometry_msgs.msg import TwistStamped
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool
from support import frame

from sign_recognition.bags.messages import gesture_event, image_rgb, landmark_frame
from sign_recognition.bags.reader import open_bag
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.msg import Gesture, Landmarks, ModelInfo
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.parameters import ParameterError
from sign_recognition.nodes.recorder_node import RecorderNode


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'bag'


def start(ros, out, **parameters):
    (recorder,) = ros.start(RecorderNode, recorder_node={'out': str(out), **parameters})
    return recorder


def recorded(ros, recorder, count):
    """Once so many messages are in the bag, without the node's own diagnostics."""

    def counts():
        recorder._writer.flush()
        return sum(
            number
            for parts in recorder._writer._parts()
            for part in parts
            for topic, number in part.counts.items()
            if topic != '/diagnostics'
        )

    ros.wait(lambda: counts() >= count)
    recorder.done.set()
    recorder.finish()


def contents(out):
    """Topic to decoded messages, and to what the bag says of the publishers."""
    with open_bag(out) as bag:
        assert bag.complete
        messages = {topic: [] for topic in bag.topics if topic != '/diagnostics'}
        for record in bag.records(messages):
            messages[record.topic].append(bag.decode(record))
    return messages


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_what_is_published_is_recorded(ros, out, storage):
    recorder = start(ros, out, storage=storage)
    show = ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)
    tell = ros.speak(Gesture, 'gesture', qos.EVENTS)
    truth = ros.speak(Gesture, 'camera_node/truth', qos.EVENTS)
    facts = ros.speak(ModelInfo, 'model_info', qos.LATCHED)
    frames = [frame(1000 + number / 30, x=number / 30) for number in range(10)]
    for each in frames:
        show(conversions.landmarks_to_message(each, 'eye'))
    event = GestureEvent(EventKind.START, 'Swipe Left', 0.5, 3, 3)
    tell(conversions.event_to_message(event, 'eye'))
    truth(conversions.event_to_message(event, 'eye'))
    facts(ModelInfo(name='tiny', labels=['a', 'none']))
    recorded(ros, recorder, 13)
    messages = contents(out)
    assert {topic: len(some) for topic, some in messages.items()} == {
        '/landmarks': 10, '/gesture': 1, '/camera_node/truth': 1, '/model_info': 1,
    }  # fmt: skip
    for message, sent in zip(messages['/landmarks'], frames, strict=True):
        heard = landmark_frame(message)
        assert heard.stamp_ns == sent.stamp_ns
        np.testing.assert_array_equal(heard.points, sent.points)
    assert gesture_event(messages['/gesture'][0]) == event


def test_bytes_are_recorded_as_they_came_with_the_publishers_qos(ros, out):
    recorder = start(ros, out)
    # A type without padding, whose bytes would be anything.
    message = conversions.velocity_to_twist_stamped(np.arange(6.0), 7, 'eye')
    ros.speak(TwistStamped, 'cmd_vel', qos.COMMAND)(message)
    recorded(ros, recorder, 1)
    with open_bag(out) as bag:
        (record,) = bag.records(['/cmd_vel'])
    assert record.data == serialize_message(message)
    text = (out / 'metadata.yaml').read_text()
    assert 'reliability: reliable' in text
    assert 'sec: 9223372036' in text


def test_images_are_recorded_on_request_alone(ros, out, tmp_path):
    picture = np.full((48, 64, 3), 200, np.uint8)
    silent = start(ros, out)
    assert not ros.tester.count_subscribers('image_raw/compressed')
    silent.done.set()
    ros.close()
    ros._nodes.clear()
    recorder = start(ros, tmp_path / 'second', images=True)
    show = ros.speak(CompressedImage, 'image_raw/compressed', qos.IMAGE)
    show(conversions.image_to_jpeg(picture, 7, 'eye', 90))
    recorded(ros, recorder, 1)
    (message,) = contents(tmp_path / 'second')['/image_raw/compressed']
    pixels_rgb, stamp_ns, frame_id = image_rgb(message)
    np.testing.assert_allclose(pixels_rgb, picture, atol=3)
    assert (stamp_ns, frame_id) == (7, 'eye')


def test_topics_that_appear_later_are_recorded_too(ros, out):
    recorder = start(ros, out, topics='scan_image, /other')
    move = ros.speak(TwistStamped, 'cmd_vel', qos.COMMAND)
    show = ros.speak(Image, 'scan_image', qos.IMAGE)  # best effort, as its publisher
    move(TwistStamped())
    show(conversions.image_to_message(np.zeros((4, 4, 3), np.uint8), 9, 'eye'))
    recorded(ros, recorder, 2)
    assert set(contents(out)) == {'/cmd_vel', '/scan_image'}


def test_what_was_asked_for_and_never_came_is_named(ros, out, capfd):
    recorder = start(ros, out, images=True, topics='/absent')
    ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)(
        conversions.landmarks_to_message(frame(1.0), 'eye')
    )
    recorded(ros, recorder, 1)
    told = capfd.readouterr().err
    for topic in ('/absent', '/image_raw/compressed'):
        assert f'{topic}: nothing came' in told
    assert 'nothing was recorded' not in told


def test_a_recording_of_its_own_diagnostics_is_none(ros, out, capfd):
    recorder = start(ros, out)
    ros.wait(lambda: '/diagnostics' in recorder._recorded)
    recorder.done.set()
    recorder.finish()
    assert 'nothing was recorded' in capfd.readouterr().err


def test_the_service_marks_what_is_performed(ros, out):
    recorder = start(ros, out)
    client = ros.tester.create_client(SetBool, 'recorder_node/mark')
    ros.wait(client.service_is_ready)

    def mark(begins):
        answer = client.call_async(SetBool.Request(data=begins))
        ros.wait(answer.done)
        return answer.result()

    assert not mark(True).success  # no label yet
    recorder.set_parameters([Parameter('label', value='Swipe Left')])
    refusal = mark(False)
    assert (refusal.success, refusal.message) == (False, "label: 'Swipe Left' has not begun")
    before_ns = recorder.get_clock().now().nanoseconds
    assert mark(True).success
    assert mark(False).success
    recorded(ros, recorder, 1)
    (label,) = map(gesture_event, contents(out)['/label'])
    assert (label.kind, label.label) == (EventKind.END, 'Swipe Left')
    assert before_ns < label.start_ns < label.stamp_ns


def test_it_ends_after_its_duration_from_the_first_landmarks(ros, out):
    recorder = start(ros, out, duration_s=0.5)
    ros.spin(0.7)
    assert not recorder.done.is_set()
    ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)(
        conversions.landmarks_to_message(frame(1.0), 'eye')
    )
    ros.wait(recorder.done.is_set)
    assert recorder.exit_code == 0


def test_a_bag_that_takes_no_more_ends_the_node(ros, out, monkeypatch):
    recorder = start(ros, out)

    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(recorder._writer._output, 'flush', fail)
    ros.speak(Landmarks, 'landmarks', qos.LANDMARKS)(
        conversions.landmarks_to_message(frame(1.0), 'eye')
    )
    ros.wait(recorder.done.is_set)
    assert recorder.exit_code == 2  # not to be started again


@pytest.mark.parametrize(
    ('parameters', 'named'),
    [
        ({}, 'parameter out'),
        ({'out': '/proc/bag'}, '/proc/bag'),
        ({'out': '/tmp'}, '/tmp: exists already'),
        ({'out': '/tmp/bag', 'storage': 'bag'}, 'parameter storage'),
        ({'out': '/tmp/bag', 'split_mb': -1}, 'parameter split_mb'),
        ({'out': '/tmp/bag', 'topics': 'a!b'}, "parameter topics: 'a!b'"),
    ],
)
def test_what_cannot_be_recorded_to_is_refused(ros, parameters, named):
    with pytest.raises((ParameterError, OSError), match=named):
        ros.start(RecorderNode, recorder_node=parameters)
