"""From arrays of MediaPipe Holistic, as others have saved them, to the layout of `landmarks`."""

from __future__ import annotations

import numpy as np

from sign_recognition.landmarks import (
    LEFT_HAND,
    OPPOSITE_SIDE,
    POINT_COUNT,
    POSE,
    RIGHT_HAND,
    Points,
)

HAND_POINTS = 21
POSE_POINTS = 33


def from_parts(left_hand: Points, right_hand: Points, pose: Points) -> Points:
    """Join the parts of each frame; one whose numbers are all zero was not seen.

    Args:
        left_hand: (F, 21, 3).
        right_hand: (F, 21, 3).
        pose: (F, 33, 3).

    Returns:
        (F, 75, 3) float32, NaN for not seen.
    """
    points = np.empty((len(left_hand), POINT_COUNT, 3), np.float32)
    for part, values in ((LEFT_HAND, left_hand), (RIGHT_HAND, right_hand), (POSE, pose)):
        points[:, part] = values
        points[~values.any(axis=(1, 2)), part] = np.nan
    return points


def to_layout(points: Points, aspect: float, mirrored: bool) -> Points:
    """Shares of width and height to image widths, and left and right to the person's.

    Args:
        points: (F, 75, 3): x as a share of the image's width, y of its height, hands as Holistic
            names them: rightly in a plain image, the wrong way round in a mirror image.
        aspect: height / width of the image.
        mirrored: the images were mirror images.
    """
    scaled = points * np.array((1, aspect, 1), np.float32)
    return scaled[:, OPPOSITE_SIDE] if mirrored else scaled
