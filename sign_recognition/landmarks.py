"""The landmark layout: which point is where, and one frame of them.

A frame is an array of 75 points: 21 of the left hand, 21 of the right hand (the PERSON'S left and
right) in the order of MediaPipe Hands, then 33 of the body in the order of MediaPipe Pose.
Coordinates are in image WIDTHS on all three axes, x to the right and y down, so lengths and angles
mean the same at any aspect ratio. NaN means not seen; zero is a place like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]

LAYOUT_VERSION = 'mediapipe-75/1'

LEFT_HAND = slice(0, 21)
RIGHT_HAND = slice(21, 42)
POSE = slice(42, 75)
POINT_COUNT = 75

# Names as in mediapipe.solutions.hands.HandLandmark.
HAND_NAMES = (
    'wrist',
    'thumb_cmc', 'thumb_mcp', 'thumb_ip', 'thumb_tip',
    'index_mcp', 'index_pip', 'index_dip', 'index_tip',
    'middle_mcp', 'middle_pip', 'middle_dip', 'middle_tip',
    'ring_mcp', 'ring_pip', 'ring_dip', 'ring_tip',
    'pinky_mcp', 'pinky_pip', 'pinky_dip', 'pinky_tip',
)  # fmt: skip

# The joints of a hand that move little against each other: wrist and finger bases.
PALM_JOINTS = (0, 5, 9, 13, 17)

# Names as in mediapipe.solutions.pose.PoseLandmark.
POSE_NAMES = (
    'nose',
    'left_eye_inner', 'left_eye', 'left_eye_outer',
    'right_eye_inner', 'right_eye', 'right_eye_outer',
    'left_ear', 'right_ear', 'mouth_left', 'mouth_right',
    'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
    'left_wrist', 'right_wrist', 'left_pinky', 'right_pinky',
    'left_index', 'right_index', 'left_thumb', 'right_thumb',
    'left_hip', 'right_hip', 'left_knee', 'right_knee',
    'left_ankle', 'right_ankle', 'left_heel', 'right_heel',
    'left_foot_index', 'right_foot_index',
)  # fmt: skip

# The bones of one hand as pairs of indices into HAND_NAMES (mediapipe's HAND_CONNECTIONS).
HAND_BONES = (
    (0, 1), (1, 2), (2, 3), (3, 4),
    (0, 5), (5, 6), (6, 7), (7, 8),
    (5, 9), (9, 10), (10, 11), (11, 12),
    (9, 13), (13, 14), (14, 15), (15, 16),
    (13, 17), (17, 18), (18, 19), (19, 20), (0, 17),
)  # fmt: skip


def _opposite_side(name: str) -> str:
    """The name of the same body part on the other side; names without a side are their own."""
    if 'left' in name:
        return name.replace('left', 'right')
    return name.replace('right', 'left')


# Entry i is the point that takes the place of point i when left and right change places: whole
# hands swap, body points pair up by name.
OPPOSITE_SIDE: npt.NDArray[np.intp] = np.array(
    [*range(21, 42), *range(0, 21), *(42 + POSE_NAMES.index(_opposite_side(n)) for n in POSE_NAMES)]
)


def flip_view(points: Points) -> Points:
    """The same scene in a horizontally flipped image.

    The person's hands keep their slots, for these are the person's whatever the image shows.

    Args:
        points: (..., 75, 3) in image widths.

    Returns:
        A new array of the same shape with x replaced by 1 - x.
    """
    flipped = points.copy()
    flipped[..., 0] = 1 - flipped[..., 0]
    return flipped


def mirror(points: Points) -> Points:
    """The mirror twin of a person: what the left hand did, the right hand does.

    Args:
        points: (..., 75, 3) in image widths.

    Returns:
        A new array of the same shape: flipped, with left and right points exchanged.
    """
    return flip_view(points)[..., OPPOSITE_SIDE, :]


@dataclass(frozen=True)
class LandmarkFrame:
    """The landmarks of one camera image.

    Attributes:
        stamp_ns: acquisition time of the image, nanoseconds.
        size_px: (width, height) of the image.
        points: (75, 3) float32, layout and unit as in this module's description.
        mirrored: the image is a mirror image (selfie view): x grows to the person's right.

    Raises:
        ValueError: points are not (75, 3) float32, or the size is not positive.
    """

    stamp_ns: int
    size_px: tuple[int, int]
    points: Points
    mirrored: bool = True

    def __post_init__(self) -> None:
        if self.points.shape != (POINT_COUNT, 3) or self.points.dtype != np.float32:
            raise ValueError(
                f'points: {self.points.shape} {self.points.dtype}, '
                f'allowed is ({POINT_COUNT}, 3) float32'
            )
        if min(self.size_px) <= 0:
            raise ValueError(f'size_px: {self.size_px}, allowed are positive numbers')

    @property
    def hands_seen(self) -> int:
        """How many hands (0, 1 or 2) are in view."""
        return int(self.sees(LEFT_HAND)) + int(self.sees(RIGHT_HAND))

    def sees(self, part: slice) -> bool:
        """Whether any point of a part (LEFT_HAND, RIGHT_HAND, POSE) was seen."""
        return bool(np.isfinite(self.points[part]).any())

    def selfie_view(self) -> LandmarkFrame:
        """This frame as a mirror image shows it: the one view that models are trained in."""
        if self.mirrored:
            return self
        return replace(self, points=flip_view(self.points), mirrored=True)


def empty_points() -> Points:
    """(75, 3) float32 of NaN: nothing seen."""
    return np.full((POINT_COUNT, 3), np.nan, np.float32)
