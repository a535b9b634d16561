"""Between recorded messages and the project's own types, without ROS."""

from __future__ import annotations

from typing import Any

import numpy as np

from sign_recognition.bags.storage import Record
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.landmarks import POINT_COUNT, LandmarkFrame
from sign_recognition.pixels import (
    ConversionError,
    PixelArray,
    RawImage,
    decode_picture,
    image_to_rgb,
    parse_compressed,
    parse_image,
)

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
LANDMARKS = 'sign_recognition/msg/Landmarks'
GESTURE = 'sign_recognition/msg/Gesture'
IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)

# The constants of Gesture.msg.
EVENT_KINDS = {0: EventKind.START, 1: EventKind.HOLD, 2: EventKind.END}


def landmark_frame(message: Any) -> LandmarkFrame:
    """A decoded sign_recognition/msg/Landmarks as a frame; what is infinite counts as not seen.

    Raises:
        ConversionError: it does not hold 75 points, or its size is not positive.
    """
    points = np.array(message.points, np.float32)
    if points.size != POINT_COUNT * 3 or min(message.width, message.height) < 1:
        raise ConversionError(
            f'landmarks: {points.size} values of a {message.width}x{message.height} image, '
            f'allowed are {POINT_COUNT * 3} values of an image of at least 1x1'
        )
    points[np.isinf(points)] = np.nan
    return LandmarkFrame(
        stamp_ns=stamp_ns(message.header.stamp),
        size_px=(int(message.width), int(message.height)),
        points=points.reshape(POINT_COUNT, 3),
        mirrored=bool(message.mirrored),
    )


def gesture_event(message: Any) -> GestureEvent:
    """A decoded sign_recognition/msg/Gesture as an event.

    Raises:
        ConversionError: its kind is none of the message's constants.
    """
    if message.kind not in EVENT_KINDS:
        raise ConversionError(f'gesture: kind {message.kind}, allowed are {sorted(EVENT_KINDS)}')
    return GestureEvent(
        kind=EVENT_KINDS[message.kind],
        label=str(message.label),
        score=float(message.score),
        start_ns=stamp_ns(message.start),
        stamp_ns=stamp_ns(message.header.stamp),
    )


def image_rgb(image: Any) -> tuple[PixelArray, int, str]:
    """A recorded image.

    Args:
        image: a Record, or a decoded sensor_msgs/msg/Image or CompressedImage.

    Returns:
        (H, W, 3) uint8 RGB, header.stamp in nanoseconds, header.frame_id.

    Raises:
        ConversionError: it is no image, its encoding is unknown, or it does not hold what it says.
    """
    if isinstance(image, Record):
        return _recorded_image(image)
    header = image.header
    data = memoryview(image.data)
    if hasattr(image, 'encoding'):
        raw = RawImage(
            stamp_ns(header.stamp), header.frame_id,
            image.height, image.width, image.encoding, image.step, data,
        )  # fmt: skip
        return image_to_rgb(raw), raw.stamp_ns, raw.frame_id
    return decode_picture(data, image.format), stamp_ns(header.stamp), header.frame_id


def stamp_ns(stamp: Any) -> int:
    """A decoded builtin_interfaces/msg/Time in nanoseconds."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _recorded_image(record: Record) -> tuple[PixelArray, int, str]:
    if record.msgtype == IMAGE:
        raw = parse_image(record.data)
        return image_to_rgb(raw), raw.stamp_ns, raw.frame_id
    if record.msgtype == COMPRESSED_IMAGE:
        packed = parse_compressed(record.data)
        return decode_picture(packed.data, packed.format), packed.stamp_ns, packed.frame_id
    raise ConversionError(
        f'{record.topic}: {record.msgtype}, images are {" and ".join(IMAGE_TYPES)}'
    )
