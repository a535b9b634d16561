"""Between messages and the project's own types; the one place that knows message fields."""

from __future__ import annotations

import array
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist, TwistStamped
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from sign_recognition import pixels
from sign_recognition.bags import messages
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.model_contract import ModelContract
from sign_recognition.motion import Velocity
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.pixels import ConversionError, PixelArray, RawImage

_KINDS = {
    EventKind.START: Gesture.START,
    EventKind.HOLD: Gesture.HOLD,
    EventKind.END: Gesture.END,
}


def stamp_to_ns(stamp: Time) -> int:
    """builtin_interfaces/Time in nanoseconds."""
    return messages.stamp_ns(stamp)


def ns_to_stamp(stamp_ns: int) -> Time:
    """Nanoseconds as builtin_interfaces/Time."""
    return Time(sec=stamp_ns // 1_000_000_000, nanosec=stamp_ns % 1_000_000_000)


def header(stamp_ns: int, frame_id: str) -> Header:
    """A header of that acquisition time and camera."""
    return Header(stamp=ns_to_stamp(stamp_ns), frame_id=frame_id)


def image_to_message(image_bgr: PixelArray, stamp_ns: int, frame_id: str) -> Image:
    """(H, W, 3) uint8 BGR as a bgr8 message."""
    height, width = image_bgr.shape[:2]
    # An array.array passes rclpy's setter as it is; bytes or a list would be checked value by
    # value, which takes longer than the whole transport.
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(image_bgr).data.cast('B'))
    return Image(
        header=header(stamp_ns, frame_id),
        height=height,
        width=width,
        encoding='bgr8',
        step=width * 3,
        data=data,
    )


def image_to_jpeg(
    image_bgr: PixelArray, stamp_ns: int, frame_id: str, quality: int
) -> CompressedImage:
    """(H, W, 3) uint8 BGR as a JPEG message.

    Args:
        quality: 1 (small) to 100 (faithful).
    """
    _, encoded = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    data = array.array('B', encoded.tobytes())
    return CompressedImage(header=header(stamp_ns, frame_id), format='jpeg', data=data)


def image_to_rgb(image: RawImage) -> PixelArray:
    """As `pixels.image_to_rgb`, with cv_bridge for the encodings that it does not know.

    Raises:
        ConversionError: also where cv_bridge is needed and not installed.
    """
    if image.encoding in pixels.ENCODINGS:
        return pixels.image_to_rgb(image)
    return _to_rgb_by_cv_bridge(image)


def read_image(message: bytes | CompressedImage) -> tuple[PixelArray, int, str]:
    """Pixels as RGB, acquisition time in ns, and frame_id of an image message.

    Args:
        message: a CompressedImage, or a serialized Image.

    Raises:
        ConversionError: it cannot be read.
    """
    if isinstance(message, CompressedImage):
        return jpeg_to_rgb(message), stamp_to_ns(message.header.stamp), message.header.frame_id
    image = pixels.parse_image(message)
    return image_to_rgb(image), image.stamp_ns, image.frame_id


def jpeg_to_rgb(message: CompressedImage) -> PixelArray:
    """(H, W, 3) uint8 RGB of a compressed image.

    Raises:
        ConversionError: the data cannot be decoded.
    """
    return pixels.decode_picture(memoryview(message.data), message.format)


def landmarks_to_message(frame: LandmarkFrame, frame_id: str) -> Landmarks:
    """A landmark frame as a message."""
    return Landmarks(
        header=header(frame.stamp_ns, frame_id),
        width=frame.size_px[0],
        height=frame.size_px[1],
        mirrored=frame.mirrored,
        points=array.array('f', frame.points.tobytes()),
    )


def message_to_landmarks(message: Landmarks) -> LandmarkFrame:
    """A landmark message as a frame.

    Raises:
        ConversionError: the message does not hold 75 points or its size is not positive.
    """
    return messages.landmark_frame(message)


def scores_to_message(
    probabilities: npt.NDArray[np.float32], hands_seen: int, message_header: Header
) -> GestureScores:
    """(classes,) probabilities as a message."""
    return GestureScores(
        header=message_header,
        hands_seen=hands_seen,
        probabilities=array.array('f', probabilities.tobytes()),
    )


def event_to_message(event: GestureEvent, frame_id: str) -> Gesture:
    """A gesture event as a message."""
    return Gesture(
        header=header(event.stamp_ns, frame_id),
        kind=_KINDS[event.kind],
        label=event.label,
        score=event.score,
        start=ns_to_stamp(event.start_ns),
    )


def message_to_event(message: Gesture) -> GestureEvent:
    """A gesture message as an event.

    Raises:
        ConversionError: its kind is none of the message's constants.
    """
    return messages.gesture_event(message)


def contract_to_message(contract: ModelContract, stamp_ns: int) -> ModelInfo:
    """The facts of a model as a message."""
    return ModelInfo(
        header=header(stamp_ns, ''),
        name=contract.name,
        architecture=contract.architecture,
        labels=list(contract.labels),
        rate_hz=contract.rate_hz,
        window_frames=contract.window_frames,
        layout=contract.layout,
    )


def velocity_to_twist(velocity: Velocity) -> Twist:
    """(6,) velocity, in the order of motion.AXES, as a message."""
    twist = Twist()
    twist.linear.x, twist.linear.y, twist.linear.z = map(float, velocity[:3])
    twist.angular.x, twist.angular.y, twist.angular.z = map(float, velocity[3:])
    return twist


def velocity_to_twist_stamped(velocity: Velocity, stamp_ns: int, frame_id: str) -> TwistStamped:
    """(6,) velocity, in the order of motion.AXES, as a stamped message."""
    return TwistStamped(header=header(stamp_ns, frame_id), twist=velocity_to_twist(velocity))


def _to_rgb_by_cv_bridge(image: RawImage) -> PixelArray:
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError:
        raise ConversionError(
            f'image: encoding {image.encoding!r}, allowed are {", ".join(pixels.ENCODINGS)}; '
            'others need cv_bridge, which is not installed'
        ) from None
    message = Image(
        height=image.height,
        width=image.width,
        encoding=image.encoding,
        step=image.step,
        data=array.array('B', image.data),
    )
    try:
        image_rgb: Any = CvBridge().imgmsg_to_cv2(message, 'rgb8')
    except (CvBridgeError, cv2.error) as error:
        told = ' '.join(str(error).split())
        raise ConversionError(f'image: encoding {image.encoding!r}: {told}') from error
    return np.asarray(image_rgb, np.uint8)
