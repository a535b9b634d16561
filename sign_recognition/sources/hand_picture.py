"""Draws a hand: a field of heights raised from tapered capsules, softened, lit and laid on a picture.

Each pixel of the hand's box holds how far the nearest skin stands towards the camera; the light then
needs the slope of that field only, so a frame costs a few milliseconds with numpy and OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.sources.hand_model import Floats

Image = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

FOREARM_LENGTH = 2.7
# Half the thickness of the flesh at each of the 21 joints, hand lengths: fingers of 16 to 20 mm as
# in the anthropometry of Greiner 1991 (Natick TR-92/011).
JOINT_RADII = np.array(
    [0.24, 0.17, 0.135, 0.115, 0.085]
    + [0.130, 0.108, 0.095, 0.075]
    + [0.135, 0.112, 0.098, 0.077]
    + [0.130, 0.105, 0.092, 0.073]
    + [0.118, 0.092, 0.082, 0.066]
)
_WRIST, _THUMB_CMC, _THUMB_MCP, _THUMB_IP = 0, 1, 2, 3
_KNUCKLES = (5, 9, 13, 17)
_FLOOR_DROP = 0.16
_NO_HEIGHT = np.float32(-1e6)


@dataclass(frozen=True)
class Look:
    """What tells one signer's picture from another's.

    Attributes:
        skin_bgr: (3,) colour of lit skin, 0 to 255.
        sleeve_bgr: (3,) colour of the lit sleeve.
        light: (3,) unit vector to the light: x right, y down, z to the camera.
        ambient: share of the light that comes from everywhere, 0 to 1.
        sleeve_at: where on the forearm the sleeve ends, 0 at the wrist, 1 at the elbow.
        stoutness: factor on the thickness of all flesh.
    """

    skin_bgr: Floats
    sleeve_bgr: Floats
    light: Floats
    ambient: float
    sleeve_at: float
    stoutness: float

    @cached_property
    def skin_ramp(self) -> Image:
        """(256, 1, 3) colours of skin from unlit to fully lit; shadows on skin are reddish."""
        return _ramp(self.skin_bgr, np.array([0.75, 0.85, 1.0]))

    @cached_property
    def sleeve_ramp(self) -> Image:
        """(256, 1, 3) colours of the sleeve from unlit to fully lit."""
        return _ramp(self.sleeve_bgr, np.ones(3))


def _ramp(lit_bgr: Floats, shadow_tint: Floats) -> Image:
    light = np.linspace(0, 1.25, 256)[:, None]
    tint = shadow_tint + (1 - shadow_tint) * np.minimum(light, 1)
    return np.clip(lit_bgr * light * tint, 0, 255).astype(np.uint8)[:, None]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks along z.

    Attributes:
        size_px: (width, height).
        focal_px: focal length.
        hand_px: pixels that a hand length spans at the usual distance.
    """

    size_px: tuple[int, int]
    focal_px: float
    hand_px: float

    def project(self, points: Floats) -> Floats:
        """(N, 3) points in hand lengths from the picture's centre at the usual distance, to x and y
        in pixels and the scale in pixels per hand length."""
        scale = self.focal_px / (self.focal_px / self.hand_px + points[:, 2])
        centre = np.array(self.size_px) / 2
        return np.column_stack([centre + points[:, :2] * scale[:, None], scale])


@dataclass(frozen=True)
class _Balls:
    """Balls in the picture, N of them, all in pixels.

    Attributes:
        centres: (N, 3) x, y and height (towards the camera).
        radii: (N,).
    """

    centres: Floats
    radii: Floats


@dataclass(frozen=True)
class HandShape:
    """All that is drawn of one hand, in hand lengths in the camera's frame.

    Attributes:
        joints: (21, 3) the joints in MediaPipe's order.
        elbow: (3,).
        palm_normal: (3,) unit vector out of the palm.
    """

    joints: Floats
    elbow: Floats
    palm_normal: Floats


class HandPainter:
    """Draws hands of one look as one camera sees them."""

    def __init__(self, camera: Camera, look: Look) -> None:
        self._camera = camera
        self._look = look

    def paint(self, picture: Image, shape: HandShape, grain: npt.NDArray[np.int16]) -> None:
        """Draw a hand into a picture.

        Args:
            picture: (H, W, 3) uint8 BGR, changed in place.
            shape: the hand.
            grain: (H, W, 3) int16 sensor noise that is added where the hand is.
        """
        points, radii = _skeleton(shape, self._look.stoutness)
        balls = self._balls(points, radii)
        box = _box(balls, self._camera.size_px)
        if box is None:
            return
        left, top, right, bottom = box
        field = np.full((bottom - top, right - left), _NO_HEIGHT, np.float32)
        shifted = _Balls(balls.centres - (left, top, 0), balls.radii)
        for first, second in _CAPSULES:
            _raise_capsule(field, shifted, first, second)
        view = picture[top:bottom, left:right]
        skin = self._coloured(field, shifted)
        skin = cv2.add(skin, grain[top:bottom, left:right], dtype=cv2.CV_8U)
        cover = _cover(field)
        view[:] = cv2.blendLinear(skin, view, cover, 1 - cover)

    def _balls(self, points: Floats, radii: Floats) -> _Balls:
        projected = self._camera.project(points)
        scale = projected[:, 2]
        height = -points[:, 2] * scale
        return _Balls(np.column_stack([projected[:, :2], height]), radii * scale)

    def _coloured(self, field: Field, balls: _Balls) -> Image:
        """(h, w, 3) the lit colours of the field."""
        light = _lit(field, self._look, self._camera.hand_px)
        tone = np.clip(light * 204, 0, 255).astype(np.uint8)
        skin = cv2.applyColorMap(tone, self._look.skin_ramp)
        sleeve = _beyond(field.shape, balls.centres[_SLEEVE_END], balls.centres[_ELBOW])
        rows = np.flatnonzero(sleeve.any(axis=1))
        if len(rows):
            part = slice(rows[0], rows[-1] + 1)
            cloth = cv2.applyColorMap(tone[part], self._look.sleeve_ramp)
            cv2.copyTo(cloth, sleeve[part].view(np.uint8), skin[part])
        return skin


_ELBOW, _SLEEVE_END = 21, 22


def _skeleton(shape: HandShape, stoutness: float) -> tuple[Floats, Floats]:
    """The balls between which capsules are spanned: places (N, 3) and radii (N,), hand lengths."""
    joints = shape.joints
    wrist, elbow = joints[_WRIST], shape.elbow
    across = joints[17] - joints[5]
    across = across / np.linalg.norm(across)
    sides = [wrist - 0.10 * across, wrist + 0.10 * across]
    arm = elbow - wrist
    flesh = [joints[_THUMB_CMC] * 0.5 + joints[_THUMB_MCP] * 0.5, 0.6 * joints[5] + 0.4 * wrist]
    palm = -0.05 * shape.palm_normal
    thenar = 0.45 * joints[_THUMB_CMC] + 0.25 * joints[_THUMB_MCP] + 0.30 * joints[5] - palm
    hypothenar = 0.55 * wrist + 0.45 * joints[17] - palm
    points = np.stack([*joints, elbow, wrist + 0.55 * arm, *sides, *flesh, thenar, hypothenar])
    radii = np.array([*JOINT_RADII, 0.42, 0.36, 0.21, 0.21, 0.16, 0.13, 0.17, 0.17])
    return points, radii * stoutness


# Pairs of balls that a capsule joins: forearm, palm (fanned out, so that no gap shows), thumb and
# fingers. 21 and up are the balls that _skeleton adds to the joints.
_CAPSULES = (
    (23, 21), (24, 21), (22, 21), (0, 22),
    (23, 5), (0, 9), (24, 13), (24, 17), (0, 5), (0, 13), (0, 17),
    (5, 9), (9, 13), (13, 17),
    (23, 1), (1, 2), (25, 26), (2, 26), (27, 27), (28, 17), (28, 24), (27, 23),
    (2, 3), (3, 4),
    (5, 6), (6, 7), (7, 8),
    (9, 10), (10, 11), (11, 12),
    (13, 14), (14, 15), (15, 16),
    (17, 18), (18, 19), (19, 20),
)  # fmt: skip


def _box(balls: _Balls, size_px: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the part of the picture that the balls reach, or None."""
    margin = balls.radii[:, None] + 4
    low = np.floor((balls.centres[:, :2] - margin).min(axis=0)).astype(int)
    high = np.ceil((balls.centres[:, :2] + margin).max(axis=0)).astype(int)
    left, top = (int(value) for value in np.maximum(low, 0))
    right, bottom = (int(value) for value in np.minimum(high, size_px))
    if right - left < 4 or bottom - top < 4:
        return None
    return left, top, right, bottom


def _raise_capsule(field: Field, balls: _Balls, first: int, second: int) -> None:
    """Raise the field to the surface of the capsule between two balls, in place."""
    for index in {first, second}:
        _raise_ball(field, balls.centres[index], balls.radii[index])
    (ax, ay, az), (bx, by, bz) = balls.centres[first], balls.centres[second]
    ra, rb = balls.radii[first], balls.radii[second]
    reach = ((ax, ay, ra), (bx, by, rb))
    window = _window(field, reach)
    length2 = (bx - ax) ** 2 + (by - ay) ** 2
    if window is None or length2 < 1:
        return
    part, x, y = window
    x, y = x - np.float32(ax), y - np.float32(ay)
    dx, dy = np.float32(bx - ax), np.float32(by - ay)
    along = np.clip(x * (dx / length2) + y * (dy / length2), 0, 1, dtype=np.float32)
    radius = np.float32(ra) + np.float32(rb - ra) * along
    depth = radius * radius
    depth -= (x - along * dx) ** 2
    depth -= (y - along * dy) ** 2
    surface = np.sqrt(np.maximum(depth, 0)) + along * np.float32(bz - az) + np.float32(az)
    np.maximum(field[part], surface, out=field[part], where=depth > 0)


def _raise_ball(field: Field, centre: Floats, radius: float) -> None:
    """Raise the field to the surface of a ball, in place."""
    window = _window(field, ((centre[0], centre[1], radius),))
    if window is None:
        return
    part, x, y = window
    depth = np.float32(radius**2) - (x - np.float32(centre[0])) ** 2 - (y - np.float32(centre[1])) ** 2
    surface = np.sqrt(np.maximum(depth, 0)) + np.float32(centre[2])
    np.maximum(field[part], surface, out=field[part], where=depth > 0)


def _window(
    field: Field, discs: tuple[tuple[float, float, float], ...]
) -> tuple[tuple[slice, slice], Field, Field] | None:
    """The part of a field around discs (x, y, radius), with its (1, w) x and (h, 1) y; or None."""
    height, width = field.shape
    left = max(int(min(x - r for x, _, r in discs)), 0)
    right = min(int(max(x + r for x, _, r in discs)) + 2, width)
    top = max(int(min(y - r for _, y, r in discs)), 0)
    bottom = min(int(max(y + r for _, y, r in discs)) + 2, height)
    if left >= right or top >= bottom:
        return None
    x = np.arange(left, right, dtype=np.float32)[None]
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    return (slice(top, bottom), slice(left, right)), x, y


def _lit(field: Field, look: Look, hand_px: float) -> Field:
    """Brightness of each pixel, 1 where the light falls straight on it (Lambert), with hollows and
    creases darkened."""
    floor = cv2.erode(np.where(field == _NO_HEIGHT, np.float32(1e6), field), np.ones((7, 7)))
    filled = np.where(field == _NO_HEIGHT, np.minimum(floor, 0) - 0.1 * hand_px, field)
    soft = cv2.GaussianBlur(filled.astype(np.float32), (0, 0), 0.022 * hand_px)
    wide = cv2.blur(soft, (int(0.3 * hand_px) | 1,) * 2)
    slope_x = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    lx, ly, lz = (np.float32(value) for value in look.light)
    steepness = np.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
    lambert = np.maximum((lz - lx * slope_x - ly * slope_y) / steepness, 0)
    hollow = np.clip((wide - soft) * np.float32(1.6 / hand_px), 0, 0.35)
    light: Field = (look.ambient + (1 - look.ambient) * lambert) * (1 - hollow)
    return light


def _cover(field: Field) -> Field:
    """Share of each pixel that the hand covers, 0 to 1, with a soft edge."""
    return cv2.GaussianBlur((field > _NO_HEIGHT).astype(np.float32), (5, 5), 1.0)


def _beyond(
    shape: tuple[int, ...], start: Floats, towards: Floats
) -> npt.NDArray[np.bool_]:
    """Whether each pixel lies on the far side of a line through `start`, across the way on."""
    way = (towards - start)[:2]
    x = np.arange(shape[1])[None] - start[0]
    y = np.arange(shape[0])[:, None] - start[1]
    beyond: npt.NDArray[np.bool_] = x * way[0] + y * way[1] > 0
    return beyond
