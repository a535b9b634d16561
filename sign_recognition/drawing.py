"""Draws on images what was seen in them: hands, scores, the gesture, the command."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import HAND_BONES, LEFT_HAND, RIGHT_HAND, LandmarkFrame

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

# Blue, green, red. Each is drawn on a dark rim, and so is plain to see on light and on dark.
LEFT_COLOUR: Colour = (60, 160, 255)
RIGHT_COLOUR: Colour = (230, 200, 40)
_RIM: Colour = (25, 25, 25)

# Sizes are given for an image of this width, and grow and shrink with it.
_REFERENCE_WIDTH_PX = 640
# OpenCV takes coordinates in sixteenths of a pixel, so that a slow hand does not tremble.
_SHIFT = 4


def draw_hands(image_bgr: Image, frame: LandmarkFrame) -> None:
    """Draw the skeletons of the hands that a frame sees, the person's left and right by colour.

    Args:
        image_bgr: (H, W, 3) uint8, blue first; drawn on. It may have another size than the image
            that the landmarks were found in, but must have its aspect ratio.
        frame: the landmarks; a point that was not seen is left out, with its bones.
    """
    for part, colour in ((LEFT_HAND, LEFT_COLOUR), (RIGHT_HAND, RIGHT_COLOUR)):
        points = frame.points[part, :2] * image_bgr.shape[1]
        _draw_hand(image_bgr, points, _RIM, rim_px=1.5)
        _draw_hand(image_bgr, points, colour, rim_px=0.0)


def _draw_hand(
    image_bgr: Image, points_px: npt.NDArray[np.float32], colour: Colour, rim_px: float
) -> None:
    """Bones as lines and joints as dots, each wider by a rim on either side."""
    scale = image_bgr.shape[1] / _REFERENCE_WIDTH_PX
    seen = np.isfinite(points_px).all(axis=1)
    fixed = np.where(seen[:, None], points_px * 2**_SHIFT, 0).round().astype(int)
    thickness = _whole((2 + 2 * rim_px) * scale)
    for begin, end in HAND_BONES:
        if seen[begin] and seen[end]:
            cv2.line(
                image_bgr, fixed[begin].tolist(), fixed[end].tolist(), colour, thickness,
                cv2.LINE_AA, _SHIFT,
            )  # fmt: skip
    radius = round((3 + rim_px) * scale * 2**_SHIFT)
    for centre in fixed[seen].tolist():
        cv2.circle(image_bgr, centre, radius, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _whole(size_px: float) -> int:
    """A size that OpenCV can draw: whole, and at least 1."""
    return max(1, round(size_px))
