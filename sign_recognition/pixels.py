"""The pixels of recorded and received images: serialized messages and encodings to RGB."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

PixelArray = npt.NDArray[np.uint8]

# Encoding to (bytes per pixel, OpenCV's conversion to RGB or None where it is RGB already).
ENCODINGS = {
    'rgb8': (3, None),
    'bgr8': (3, cv2.COLOR_BGR2RGB),
    'rgba8': (4, cv2.COLOR_RGBA2RGB),
    'bgra8': (4, cv2.COLOR_BGRA2RGB),
    'mono8': (1, cv2.COLOR_GRAY2RGB),
    '8UC1': (1, cv2.COLOR_GRAY2RGB),
    '8UC3': (3, cv2.COLOR_BGR2RGB),
    'yuyv': (2, cv2.COLOR_YUV2RGB_YUY2),
    'yuv422_yuy2': (2, cv2.COLOR_YUV2RGB_YUY2),
    'uyvy': (2, cv2.COLOR_YUV2RGB_UYVY),
    'yuv422': (2, cv2.COLOR_YUV2RGB_UYVY),
}


class ConversionError(ValueError):
    """A message does not hold what its fields say."""


@dataclass(frozen=True)
class RawImage:
    """A sensor_msgs/Image whose pixels are still where the middleware put them.

    Attributes:
        stamp_ns: header.stamp.
        frame_id: header.frame_id.
        height: rows.
        width: columns.
        encoding: as in sensor_msgs/image_encodings.
        step: bytes per row.
        data: all bytes of the image.
    """

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    encoding: str
    step: int
    data: memoryview


@dataclass(frozen=True)
class CompressedPixels:
    """A sensor_msgs/CompressedImage, not decoded.

    Attributes:
        stamp_ns: header.stamp.
        frame_id: header.frame_id.
        format: what the message says of its data, as 'jpeg'.
        data: the picture file.
    """

    stamp_ns: int
    frame_id: str
    format: str
    data: memoryview


def parse_stamp(serialized: bytes) -> int:
    """header.stamp, ns, of a serialized message that begins with a header (little-endian CDR)."""
    sec, nanosec = struct.unpack_from('<iI', serialized, 4)
    return int(sec) * 1_000_000_000 + int(nanosec)


def parse_image(serialized: bytes) -> RawImage:
    """Read a serialized sensor_msgs/Image without copying its pixels.

    rclpy would copy them twice. The layout is that of CDR (OMG DDS-XTypes 7.4): numbers aligned to
    their size, strings with length and terminating zero, sequences with length.

    Raises:
        ConversionError: the bytes are no little-endian CDR image.
    """
    _check_byte_order(serialized)
    try:
        stamp_ns = parse_stamp(serialized)
        frame_id, offset = _parse_string(serialized, 12)
        height, width = struct.unpack_from('<II', serialized, _align4(offset))
        encoding, offset = _parse_string(serialized, _align4(offset) + 8)
        (step,) = struct.unpack_from('<I', serialized, _align4(offset + 1))
        data = _parse_bytes(serialized, _align4(offset + 1) + 4)
    except (struct.error, UnicodeDecodeError) as error:
        raise ConversionError(f'image: {len(serialized)} bytes are no image ({error})') from error
    return RawImage(stamp_ns, frame_id, height, width, encoding, step, data)


def parse_compressed(serialized: bytes) -> CompressedPixels:
    """Read a serialized sensor_msgs/CompressedImage without copying its data.

    Raises:
        ConversionError: the bytes are no little-endian CDR of such a message.
    """
    _check_byte_order(serialized)
    try:
        stamp_ns = parse_stamp(serialized)
        frame_id, offset = _parse_string(serialized, 12)
        picture_format, offset = _parse_string(serialized, _align4(offset))
        data = _parse_bytes(serialized, _align4(offset))
    except (struct.error, UnicodeDecodeError) as error:
        raise ConversionError(
            f'image: {len(serialized)} bytes are no compressed image ({error})'
        ) from error
    return CompressedPixels(stamp_ns, frame_id, picture_format, data)


def image_to_rgb(image: RawImage) -> PixelArray:
    """(H, W, 3) uint8 RGB of an image; a view of the message where it is rgb8 already.

    Raises:
        ConversionError: the encoding is none of ENCODINGS, the size of the data contradicts width,
            height or step, or the encoding cannot have such a width.
    """
    if image.encoding not in ENCODINGS:
        raise ConversionError(
            f'image: encoding {image.encoding!r}, allowed are {", ".join(ENCODINGS)}'
        )
    pixel_bytes, conversion = ENCODINGS[image.encoding]
    row_bytes = image.width * pixel_bytes
    whole = len(image.data) >= image.height * image.step and image.step >= row_bytes
    if not whole or not row_bytes or not image.height:
        raise ConversionError(
            f'image: {len(image.data)} bytes with step {image.step} are no '
            f'{image.width}x{image.height} {image.encoding}'
        )
    rows = np.frombuffer(image.data, np.uint8, image.height * image.step)
    pixels = rows.reshape(image.height, image.step)[:, :row_bytes]
    pixels = pixels.reshape(image.height, image.width, pixel_bytes)
    try:
        return pixels if conversion is None else cv2.cvtColor(pixels, conversion)
    except cv2.error as error:
        raise ConversionError(
            f'image: {image.width}x{image.height} {image.encoding} cannot be converted: {error.err}'
        ) from error


def decode_picture(data: memoryview, picture_format: str) -> PixelArray:
    """(H, W, 3) uint8 RGB of a picture file in memory: JPEG, or another that OpenCV reads.

    Args:
        data: the file.
        picture_format: what its message says of it, for the error.

    Raises:
        ConversionError: the data cannot be decoded.
    """
    encoded = np.frombuffer(data, np.uint8)
    try:
        image_bgr = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    except cv2.error:  # of a size that OpenCV does not believe
        image_bgr = None
    if image_bgr is None:
        raise ConversionError(
            f'image: {len(encoded)} bytes of {picture_format!r} cannot be decoded'
        )
    image_rgb: PixelArray = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)
    return image_rgb


def _align4(offset: int) -> int:
    """CDR counts alignment from behind its four-byte header, which is itself aligned."""
    return (offset + 3) & ~3


def _parse_string(serialized: bytes, offset: int) -> tuple[str, int]:
    (length,) = struct.unpack_from('<I', serialized, offset)
    end = offset + 4 + length
    if end > len(serialized):
        raise struct.error(f'a text of {length} bytes does not end')
    return serialized[offset + 4 : max(end - 1, offset + 4)].decode(), end


def _parse_bytes(serialized: bytes, offset: int) -> memoryview:
    (length,) = struct.unpack_from('<I', serialized, offset)
    data = memoryview(serialized)[offset + 4 : offset + 4 + length]
    if len(data) < length:
        raise struct.error(f'{len(data)} of {length} bytes of pixels arrived')
    return data


def _check_byte_order(serialized: bytes) -> None:
    if serialized[:2] != b'\x00\x01':
        raise ConversionError(f'image: CDR header {serialized[:2]!r}, read is little-endian CDR')
