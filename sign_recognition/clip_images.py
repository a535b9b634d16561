"""What an image-clip model sees of one image: its size, its view, and perhaps the hands alone."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np

from sign_recognition.landmarks import HAND_BONES, LEFT_HAND, RIGHT_HAND, LandmarkFrame, Points
from sign_recognition.model_contract import ImageInput
from sign_recognition.pixels import PixelArray

# Wrist and finger bases, in their order around the palm.
_PALM = (0, 1, 5, 9, 13, 17)
# A finger is about a quarter as thick as the palm is long.
_FINGER_SHARE = 0.25
# Silhouettes are drawn larger, and scaled down with soft edges.
_OVERSAMPLING = 4


def clip_image(
    wanted: ImageInput, frame: LandmarkFrame, image_rgb: PixelArray | None
) -> PixelArray:
    """One image of a clip, in the selfie view.

    Args:
        wanted: what the model reads.
        frame: landmarks of the image; they say whether it is a mirror image.
        image_rgb: (H, W, 3) uint8, of any size; not needed where the model reads hands alone.

    Returns:
        (height, width, 3) uint8 RGB of the size that is wanted.

    Raises:
        ValueError: the model reads colours, and there is no image.
    """
    if wanted.content == 'hand':
        return hand_silhouettes(frame, wanted.height, wanted.width)
    if image_rgb is None:
        raise ValueError('image: none, the model reads images in colour')
    image = shrink(image_rgb, wanted.height, wanted.width)
    return image if frame.mirrored else np.ascontiguousarray(image[:, ::-1])


def shrink(image_rgb: PixelArray, height: int, width: int) -> PixelArray:
    """(height, width, 3) the whole image, whatever its proportions."""
    image: PixelArray = cv2.resize(image_rgb, (width, height), interpolation=cv2.INTER_AREA)
    return image


def hand_silhouettes(frame: LandmarkFrame, height: int, width: int) -> PixelArray:
    """(height, width, 3) uint8: the hands white, the rest black, in the selfie view.

    Drawn from landmarks: skin and background of any colour, and a face, do not matter.
    """
    mask = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    proportion = frame.size_px[0] / frame.size_px[1]
    scale = np.array((width, height * proportion), np.float32) * _OVERSAMPLING
    points = frame.selfie_view().points
    for part in (LEFT_HAND, RIGHT_HAND):
        hand = points[part, :2]
        if np.isfinite(hand).all():
            _draw_hand(mask, hand * scale)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return np.repeat(small[..., None], 3, axis=2)


def _draw_hand(mask: PixelArray, hand_px: Points) -> None:
    # OpenCV draws nothing right of what a short integer holds.
    joints = np.round(hand_px.clip(-4 * max(mask.shape), 4 * max(mask.shape))).astype(np.int32)
    palm_px = max(float(np.linalg.norm(hand_px[0] - hand_px[i])) for i in (5, 9, 17))
    thickness = min(max(round(_FINGER_SHARE * palm_px), 1), max(mask.shape))
    cv2.fillConvexPoly(mask, cv2.convexHull(joints[list(_PALM)]), 255)
    for begin, end in HAND_BONES:
        cv2.line(mask, joints[begin].tolist(), joints[end].tolist(), 255, thickness)


class RecentImages:
    """Images that wait for their landmarks, which are found later and carry the same stamp.

    Args:
        capacity: images that are kept; the oldest goes first.
    """

    def __init__(self, capacity: int = 30) -> None:
        self._capacity = capacity
        self._images: OrderedDict[int, PixelArray] = OrderedDict()

    def put(self, stamp_ns: int, image_rgb: PixelArray) -> None:
        """Keep an image."""
        self._images[stamp_ns] = image_rgb
        while len(self._images) > self._capacity:
            self._images.popitem(last=False)

    def take(self, stamp_ns: int) -> PixelArray | None:
        """The image of this stamp, or None; it and those that came before it are given away."""
        if stamp_ns not in self._images:
            return None
        while True:
            stamp, image = self._images.popitem(last=False)
            if stamp == stamp_ns:
                return image
