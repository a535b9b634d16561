"""A human hand as a chain of joints: from joint angles to the 21 points of MediaPipe Hands.

The frame is that of a selfie picture: x to the picture's right, y down, z away from the camera. The
unit of length is the hand length, from the wrist to the knuckle of the middle finger (about 0.09 m
in an adult). At rest a right hand holds its fingers up, its palm to the camera and so its thumb to
the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FINGERS = ('thumb', 'index', 'middle', 'ring', 'little')

# Bone lengths in hand lengths: a finger's three phalanges, and of the thumb the metacarpal and two
# phalanges. From the X-ray means of Buryanov & Kotiuk 2010, 'Proportions of Hand Segments' (mm),
# over 90 mm (carpus and third metacarpal). The tip lies in the pad, so little soft tissue is added.
BONES = np.array(
    [
        (0.45, 0.35, 0.28),
        (0.44, 0.25, 0.20),
        (0.49, 0.29, 0.21),
        (0.46, 0.28, 0.21),
        (0.36, 0.20, 0.19),
    ]
)

# Where the fingers begin in the resting hand: the thumb's saddle joint, then the four knuckles. The
# knuckles lie on an arch that is hollow on the palm's side.
ROOTS = np.array(
    [
        (-0.25, -0.20, -0.07),
        (-0.27, -0.95, 0.00),
        (0.00, -1.00, 0.03),
        (0.22, -0.93, 0.01),
        (0.40, -0.80, -0.05),
    ]
)

# How the straight fingers fan out, degrees from the middle finger to the little finger's side.
FAN_DEG = np.array([0.0, -4.0, 0.0, 4.0, 9.0])

# Where the bending thumb goes: across the palm and a little out of it.
THUMB_ACROSS = np.array((0.9, -0.2, -0.3))

# Lowest and highest angle of each joint, degrees. Fingers: knuckle flexion, knuckle spread to the
# little finger's side, flexion of the middle and of the end joint. Thumb: abduction out of the
# palm's plane, abduction within it, flexion of knuckle and end joint. Passive ends are left out.
# From the American Academy of Orthopaedic Surgeons, 'Joint Motion' (1965), and for spread and the
# end joints Lin, Wu & Huang 2000, 'Modeling the Constraints of Human Hand Motion'.
LOWEST_DEG = np.array(
    [(0, 0, -10, -10), (-15, -15, 0, 0), (-15, -15, 0, 0), (-15, -15, 0, 0), (-15, -20, 0, 0)],
    np.float64,
)
HIGHEST_DEG = np.array(
    [(70, 70, 60, 80), (90, 15, 110, 80), (90, 15, 110, 80), (90, 15, 110, 80), (90, 20, 110, 80)],
    np.float64,
)

# The joint angles of a hand that does nothing: all fingers a little bent, more towards the little
# finger (the position of rest of Napier 1956, 'The Prehensile Movements of the Human Hand').
RELAXED = np.array(
    [(15, 36, 20, 20), (22, 0, 30, 18), (28, 0, 36, 22), (34, 0, 42, 25), (38, 2, 44, 26)],
    np.float64,
)

# The wrist's range, degrees, from the same source: extension and flexion, to the thumb's side and
# to the little finger's side.
WRIST_FLEXION_DEG = (-70.0, 75.0)
WRIST_DEVIATION_DEG = (-20.0, 30.0)


@dataclass(frozen=True)
class HandPose:
    """One posture of a right hand.

    Attributes:
        values: (26,) float64: place of the wrist (x, y, z in hand lengths), turn of the hand
            (roll to the right, lean to the camera, supination; degrees), then the joint angles of
            the five fingers, four each, degrees, as in LOWEST_DEG.
    """

    values: Floats

    @classmethod
    def of(cls, place: npt.ArrayLike, turn_deg: npt.ArrayLike, fingers_deg: Floats) -> HandPose:
        """A pose from its parts; joint angles beyond their range stop at it."""
        parts = [np.asarray(place), np.asarray(turn_deg), limited(fingers_deg).ravel()]
        return cls(np.concatenate(parts, dtype=np.float64))

    @property
    def place(self) -> Floats:
        """(3,) place of the wrist, hand lengths."""
        return self.values[:3]

    @property
    def fingers_deg(self) -> Floats:
        """(5, 4) joint angles, degrees, within their ranges."""
        return limited(self.values[6:].reshape(5, 4))

    @cached_property
    def rotation(self) -> Floats:
        """(3, 3) from the resting hand's frame to the camera's."""
        roll, lean, supination = np.radians(self.values[3:6])
        return _about_z(roll) @ _about_x(lean) @ _about_y(supination)

    @cached_property
    def joints(self) -> Floats:
        """(21, 3) the joints in MediaPipe's order, hand lengths, in the camera's frame."""
        return self.place + hand_joints(self.fingers_deg) @ self.rotation.T

    def forearm(self, wanted: Floats) -> Floats:
        """(3,) unit vector from the wrist to the elbow: the wanted direction, or the nearest to it
        that the wrist's range allows."""
        return self.rotation @ _wrist_limited(self.rotation.T @ wanted)


def limited(fingers_deg: Floats) -> Floats:
    """(5, 4) joint angles, each brought into its range."""
    return np.clip(fingers_deg, LOWEST_DEG, HIGHEST_DEG)


def hand_joints(fingers_deg: Floats, bones: Floats = BONES) -> Floats:
    """The joints of the resting hand with its fingers bent.

    Args:
        fingers_deg: (..., 5, 4) joint angles.
        bones: (5, 3) bone lengths in hand lengths.

    Returns:
        (..., 21, 3) in hand lengths, in MediaPipe's order, the wrist at the origin.
    """
    angles = np.radians(fingers_deg)
    thumb, fingers = _thumb_directions(angles[..., 0, :]), _finger_directions(angles[..., 1:, :])
    directions = np.concatenate([thumb[..., None, :, :], fingers], axis=-3)
    roots = np.broadcast_to(ROOTS[:, None], (*directions.shape[:-2], 1, 3))
    steps = np.concatenate([roots, directions * bones[:, :, None]], axis=-2)
    joints = np.cumsum(steps, axis=-2).reshape(*directions.shape[:-3], 20, 3)
    return np.concatenate([np.zeros_like(joints[..., :1, :]), joints], axis=-2)


def _finger_directions(angles: Floats) -> Floats:
    """(..., 4, 3, 3) directions of the phalanges, from (..., 4, 4) joint angles in radians."""
    spread = angles[..., 1:2] + np.radians(FAN_DEG[1:, None])
    flexion = np.cumsum(angles[..., [0, 2, 3]], axis=-1)
    reach = np.cos(flexion)
    return np.stack([np.sin(spread) * reach, -np.cos(spread) * reach, -np.sin(flexion)], axis=-1)


def _thumb_directions(angles: Floats) -> Floats:
    """(..., 3, 3) directions of the thumb's bones, from its (..., 4) joint angles in radians.

    The thumb bends in a plane of its own, across the palm and a little out of it.
    """
    out, aside, knuckle, end = np.moveaxis(angles, -1, 0)
    level = np.cos(out)
    base = np.stack([-np.sin(aside) * level, -np.cos(aside) * level, -np.sin(out)], axis=-1)
    across = THUMB_ACROSS - base * (base @ THUMB_ACROSS)[..., None]
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    flexion = np.stack([np.zeros_like(knuckle), knuckle, knuckle + end], axis=-1)[..., None]
    directions: Floats = (
        np.cos(flexion) * base[..., None, :] + np.sin(flexion) * across[..., None, :]
    )
    return directions


def _wrist_limited(elbow: Floats) -> Floats:
    """The direction to the elbow in the hand's frame, brought into the wrist's range."""
    flexion = np.clip(np.degrees(np.arctan2(-elbow[2], elbow[1])), *WRIST_FLEXION_DEG)
    deviation = np.clip(np.degrees(np.arcsin(np.clip(elbow[0], -1, 1))), *WRIST_DEVIATION_DEG)
    bend, aside = np.radians([flexion, deviation])
    return np.array([np.sin(aside), np.cos(aside) * np.cos(bend), -np.cos(aside) * np.sin(bend)])


def _about_x(angle: float) -> Floats:
    """Tips what points up to the camera."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([(1, 0, 0), (0, c, -s), (0, s, c)])


def _about_y(angle: float) -> Floats:
    """Supinates: turns the thumb of a right hand from the left away from the camera."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([(c, 0, s), (0, 1, 0), (-s, 0, c)])


def _about_z(angle: float) -> Floats:
    """Turns what points up to the picture's right."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([(c, -s, 0), (s, c, 0), (0, 0, 1)])
