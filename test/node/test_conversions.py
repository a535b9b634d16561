"""Messages and our own types say the same."""

import array
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.landmarks import LAYOUT_VERSION, LEFT_HAND, POSE, RIGHT_HAND, LandmarkFrame
from sign_recognition.msg import Gesture, Landmarks
from sign_recognition.nodes import conversions
from sign_recognition.pixels import ConversionError, RawImage, parse_image, parse_stamp

RGB = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3) * 3


def image(encoding, pixels, step=None, data=None):
    height, width = pixels.shape[:2]
    raw = pixels.tobytes() if data is None else data
    return serialize_message(
        Image(
            header=Header(stamp=Time(sec=3, nanosec=5), frame_id='eye'),
            height=height,
            width=width,
            encoding=encoding,
            step=step or pixels[0].nbytes,
            data=array.array('B', raw),
        )
    )


def test_the_message_constants_are_the_layout():
    assert Landmarks.LAYOUT_VERSION == LAYOUT_VERSION
    starts = (Landmarks.LEFT_HAND, Landmarks.RIGHT_HAND, Landmarks.POSE)
    assert starts == (LEFT_HAND.start, RIGHT_HAND.start, POSE.start)
    assert POSE.stop == Landmarks.POINT_COUNT


@given(
    sec=st.integers(0, 2**31 - 1),
    nanosec=st.integers(0, 10**9 - 1),
    frame_id=st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=20),
    encoding=st.sampled_from(['bgr8', 'rgb8', 'mono8', '16UC1', '']),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_an_image_is_parsed_as_rclpy_wrote_it(sec, nanosec, frame_id, encoding, size):
    data = array.array('B', range(size[0] * size[1]))
    message = Image(
        header=Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame_id),
        height=size[0], width=size[1], encoding=encoding, step=size[1], data=data,
    )  # fmt: skip
    serialized = serialize_message(message)
    parsed = parse_image(serialized)
    assert parsed.stamp_ns == sec * 10**9 + nanosec == parse_stamp(serialized)
    assert (parsed.frame_id, parsed.encoding) == (frame_id, encoding)
    assert (parsed.height, parsed.width, parsed.step) == (*size, size[1])
    assert bytes(parsed.data) == data.tobytes()


@given(st.binary(max_size=80))
def test_bytes_that_are_no_image_are_refused(junk):
    with pytest.raises(ConversionError, match='image'):
        parse_image(b'\0\1\0\0' + junk[:40])


@pytest.mark.parametrize('size', [(0, 4), (6, 0)])
def test_an_image_without_pixels_is_refused(size):
    height, width = size
    empty = RawImage(0, 'eye', height, width, 'rgb8', 3 * width, memoryview(b''))
    with pytest.raises(ConversionError, match='no .*x.* rgb8'):
        conversions.image_to_rgb(empty)


@pytest.mark.parametrize('cut', [3, 20, 40, 60, -1])
def test_a_cut_image_is_refused(cut):
    with pytest.raises(ConversionError):
        parse_image(image('rgb8', RGB)[:cut])


YUYV = np.full((6, 4, 2), 128, np.uint8)


@pytest.mark.parametrize(
    ('encoding', 'pixels', 'expected'),
    [
        ('rgb8', RGB, RGB),
        ('bgr8', RGB[..., ::-1], RGB),
        ('rgba8', np.dstack([RGB, RGB[..., 0]]), RGB),
        ('bgra8', np.dstack([RGB[..., ::-1], RGB[..., 0]]), RGB),
        ('mono8', RGB[..., 0], np.repeat(RGB[..., :1], 3, axis=2)),
        ('yuyv', YUYV, None),
        ('yuv422_yuy2', YUYV, None),
        ('uyvy', YUYV, None),
    ],
)
def test_common_encodings_become_rgb(encoding, pixels, expected):
    rgb = conversions.image_to_rgb(parse_image(image(encoding, np.ascontiguousarray(pixels))))
    assert rgb.shape == (6, 4, 3)
    if expected is None:
        assert np.ptp(rgb.astype(int)) <= 1
    else:
        np.testing.assert_array_equal(rgb, expected)


def test_rows_may_be_padded():
    padded = np.concatenate([RGB.reshape(6, 12), np.zeros((6, 5), np.uint8)], axis=1)
    message = image('rgb8', RGB, step=17, data=padded.tobytes())
    np.testing.assert_array_equal(conversions.image_to_rgb(parse_image(message)), RGB)


def test_our_rgb8_is_not_copied():
    serialized = image('rgb8', RGB)
    rgb = conversions.image_to_rgb(parse_image(serialized))
    assert np.shares_memory(rgb, np.frombuffer(serialized, np.uint8))


def test_too_little_data_is_refused_with_the_numbers():
    with pytest.raises(ConversionError, match='60 bytes.*4x6 rgb8'):
        conversions.image_to_rgb(parse_image(image('rgb8', RGB, data=RGB.tobytes()[:60])))


def test_what_cv_bridge_cannot_convert_is_named(monkeypatch):
    class CvBridgeError(TypeError):
        pass

    class CvBridge:
        def imgmsg_to_cv2(self, message, encoding):
            raise CvBridgeError(f'[{message.encoding}] is no\ncolor format')

    bridge = SimpleNamespace(CvBridge=CvBridge, CvBridgeError=CvBridgeError)
    monkeypatch.setitem(sys.modules, 'cv_bridge', bridge)
    with pytest.raises(ConversionError, match=r"'x-ray': \[x-ray\] is no color format"):
        conversions.image_to_rgb(parse_image(image('x-ray', RGB)))


def test_an_encoding_of_pairs_of_pixels_has_an_even_width():
    odd = np.zeros((6, 5, 2), np.uint8)
    with pytest.raises(ConversionError, match='5x6 yuyv cannot be converted'):
        conversions.image_to_rgb(parse_image(image('yuyv', odd)))


def test_an_unknown_encoding_is_named_where_cv_bridge_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    with pytest.raises(ConversionError, match="'bayer_rggb16'.*cv_bridge"):
        conversions.image_to_rgb(parse_image(image('bayer_rggb16', RGB)))


def test_jpeg_there_and_back():
    smooth = cv2.resize(RGB, (64, 48), interpolation=cv2.INTER_LINEAR)
    message = conversions.image_to_jpeg(smooth[..., ::-1], 7, 'eye', 95)
    np.testing.assert_allclose(conversions.jpeg_to_rgb(message), smooth, atol=20)


def test_a_broken_jpeg_is_refused():
    vast = bytearray(cv2.imencode('.jpg', RGB)[1].tobytes())
    begin = vast.index(b'\xff\xc0') + 5  # start of frame: marker, length, bits, height, width
    vast[begin : begin + 4] = (65500).to_bytes(2, 'big') * 2
    for data in (b'', b'no picture', bytes(vast)):
        with pytest.raises(ConversionError, match='cannot be decoded'):
            conversions.jpeg_to_rgb(CompressedImage(format='jpeg', data=array.array('B', data)))


def test_landmarks_there_and_back():
    points = np.random.default_rng(0).random((75, 3)).astype(np.float32)
    points[LEFT_HAND] = np.nan
    frame = LandmarkFrame(1_700_000_000_123_456_789, (640, 480), points, mirrored=False)
    back = conversions.message_to_landmarks(conversions.landmarks_to_message(frame, 'eye'))
    np.testing.assert_array_equal(back.points, points)
    assert (back.stamp_ns, back.size_px, back.mirrored) == (frame.stamp_ns, (640, 480), False)


def test_infinite_coordinates_were_not_seen():
    points = np.full((75, 3), 0.5, np.float32)
    points[LEFT_HAND] = np.inf
    points[30, 2] = -np.inf
    message = conversions.landmarks_to_message(LandmarkFrame(1, (640, 480), points), 'eye')
    back = conversions.message_to_landmarks(message)
    assert np.isnan(back.points[LEFT_HAND]).all() and np.isnan(back.points[30, 2])
    assert np.isnan(back.points).sum() == 21 * 3 + 1
    assert back.hands_seen == 1


def test_landmarks_of_another_length_are_refused():
    message = Landmarks(width=640, height=480, points=array.array('f', [0.0] * 63))
    with pytest.raises(ConversionError, match='63 values'):
        conversions.message_to_landmarks(message)


@pytest.mark.parametrize('kind', EventKind)
def test_events_there_and_back(kind):
    event = GestureEvent(kind, 'Swipe +', 0.5, 12_000_000_001, 13_000_000_002)
    assert conversions.message_to_event(conversions.event_to_message(event, 'eye')) == event


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConversionError, match='kind 9'):
        conversions.message_to_event(Gesture(kind=9))
