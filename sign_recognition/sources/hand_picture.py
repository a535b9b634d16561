"""Draws a hand: a relief of tapered capsules, softened, lit and laid on a picture.

Each pixel of the hand's box holds how far the nearest skin stands towards the camera; the light
then needs the slope of that field only, so a frame costs a few milliseconds with numpy and OpenCV.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.sources.hand_model import Floats

Image = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]

# Half the thickness of the flesh at each of the 21 joints, hand lengths: fingers of 16 to 20 mm as
# in the anthropometry of Greiner 1991 (Natick TR-92/011).
JOINT_RADII = np.array(
    [0.24, 0.17, 0.135, 0.115, 0.085]
    + [0.130, 0.108, 0.095, 0.075]
    + [0.135, 0.112, 0.098, 0.077]
    + [0.130, 0.105, 0.092, 0.073]
    + [0.118, 0.092, 0.082, 0.066]
)
_WRIST, _THUMB_CMC, _THUMB_MCP = 0, 1, 2
_KNUCKLES = (5, 9, 13, 17)
_ZERO, _ONE = np.float32(0), np.float32(1)
# Colour ramps reach beyond full light by a quarter.
_BRIGHTEST = 1.25
_TONE_OF_LIGHT = 255 / _BRIGHTEST


@dataclass(frozen=True)
class Look:
    """What tells one signer's picture from another's.

    Attributes:
        skin_bgr: (3,) colour of lit skin, 0 to 255.
        sleeve_bgr: (3,) colour of the lit sleeve.
        light: (3,) unit vector to the light: x right, y down, z to the camera.
        ambient: share of the light that comes from everywhere, 0 to 1.
        stoutness: factor on the thickness of all flesh.
    """

    skin_bgr: Floats
    sleeve_bgr: Floats
    light: Floats
    ambient: float
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
    light = np.linspace(0, _BRIGHTEST, 256)[:, None]
    tint = shadow_tint + (1 - shadow_tint) * np.minimum(light, 1)
    ramp: Image = np.clip(lit_bgr * light * tint, 0, 255).astype(np.uint8)
    return ramp[:, None]


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
        projected = points * scale[:, None]
        projected[:, 0] += self.size_px[0] / 2
        projected[:, 1] += self.size_px[1] / 2
        projected[:, 2] = scale
        return projected


class _Ball(NamedTuple):
    """A ball in the picture, all in pixels; height is towards the camera."""

    x: float
    y: float
    height: float
    radius: float


_Part = tuple[slice, slice]


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
        balls = self._projected(points, radii)
        box = _box(balls, self._camera.size_px)
        if box is None:
            return
        left, top, right, bottom = box
        relief = _Relief((right - left, bottom - top))
        balls -= (left, top, 0, 0)
        shifted = [_Ball(*ball) for ball in balls.tolist()]
        with np.errstate(invalid='ignore'):
            for first, second in _CAPSULES:
                relief.raise_capsule(shifted[first], shifted[second])
        view = picture[top:bottom, left:right]
        cover = (~np.isnan(relief.heights)).astype(np.float32)
        marks = self._marks(shape, relief.heights, (left, top))
        skin = self._coloured(relief.heights, cover, marks, shifted)
        skin = cv2.add(skin, grain[top:bottom, left:right], dtype=cv2.CV_8U)
        cover = cv2.GaussianBlur(cover, (5, 5), 1.0)
        view[:] = cv2.blendLinear(skin, view, cover, 1 - cover)

    def _projected(self, points: Floats, radii: Floats) -> Floats:
        """(N, 4) x, y, height and radius in pixels of balls given in hand lengths."""
        balls = np.empty((len(points), 4))
        balls[:, :3] = self._camera.project(points)
        scale = balls[:, 2].copy()
        balls[:, 2], balls[:, 3] = -points[:, 2] * scale, radii * scale
        return balls

    def _marks(self, shape: HandShape, heights: Field, corner: tuple[int, int]) -> Image:
        """(h, w) what creases and nails do to the light, _PLAIN where there is neither."""
        marks = np.full(heights.shape, _PLAIN, np.uint8)
        for lines, effect, thickness in _creases_and_nails(shape):
            places = lines.reshape(-1, 3)
            seen = self._projected(places, np.zeros(len(places))) - (*corner, 0, 0)
            seen = seen.reshape(*lines.shape[:2], 4)
            width_px = max(round(thickness * self._camera.hand_px), 1)
            seen = seen[_in_sight(seen, heights, 0.1 * self._camera.hand_px)]
            sixteenths = np.round(seen[..., :2] * 16).astype(np.int32)
            cv2.polylines(marks, list(sixteenths), False, effect, width_px, cv2.LINE_AA, 4)
        return np.asarray(cv2.blur(marks, (3, 3)), np.uint8)

    def _coloured(
        self, heights: Field, cover: Field, marks: Image, balls: Sequence[_Ball]
    ) -> Image:
        """(h, w, 3) the lit colours of the field."""
        light = _lit(heights, cover, self._look, self._camera.hand_px)
        tone = cv2.convertScaleAbs(light, alpha=_TONE_OF_LIGHT)
        tone = cv2.multiply(tone, marks, scale=1 / _PLAIN)
        skin = cv2.applyColorMap(tone, self._look.skin_ramp)
        cloth = cv2.applyColorMap(tone, self._look.sleeve_ramp)
        cv2.copyTo(cloth, _beyond(tone.shape, balls[_SLEEVE_END], balls[_ELBOW]), skin)
        return np.asarray(skin, np.uint8)


_ELBOW, _SLEEVE_END = 21, 22
_UPPER_ARM = np.array([0.2, 3.0, 0.8])


def _skeleton(shape: HandShape, stoutness: float) -> tuple[Floats, Floats]:
    """The balls between which capsules are spanned: places (N, 3) and radii (N,), hand lengths."""
    joints = shape.joints
    wrist, elbow = joints[_WRIST], shape.elbow
    across = joints[17] - joints[5]
    across = across / np.linalg.norm(across)
    sides = [wrist - 0.10 * across, wrist + 0.10 * across]
    arm = elbow - wrist
    flesh = [joints[_THUMB_CMC] * 0.5 + joints[_THUMB_MCP] * 0.5, 0.6 * joints[5] + 0.4 * wrist]
    bulge = 0.05 * shape.palm_normal
    thenar = 0.45 * joints[_THUMB_CMC] + 0.25 * joints[_THUMB_MCP] + 0.30 * joints[5] + bulge
    hypothenar = 0.55 * wrist + 0.45 * joints[17] + bulge
    added = [elbow, wrist + 0.55 * arm, *sides, *flesh, thenar, hypothenar, elbow + _UPPER_ARM]
    between = [(joints[a] + joints[b]) / 2 for a, b in itertools.pairwise(_KNUCKLES)]
    points = np.stack([*joints, *added, *between])
    added_radii = [0.42, 0.36, 0.21, 0.21, 0.16, 0.13, 0.18, 0.18, 0.5, 0.13, 0.135, 0.13]
    radii = np.array([*JOINT_RADII, *added_radii])
    return points, radii * stoutness


# Pairs of balls that a capsule joins: forearm, palm (fanned out, so that no gap shows), thumb and
# fingers. 21 and up are the balls that _skeleton adds to the joints.
_CAPSULES = (
    (21, 29), (22, 21), (23, 22), (24, 22),
    (23, 5), (0, 9), (24, 17), (5, 9), (9, 13), (13, 17),
    (23, 30), (0, 31), (24, 32),
    (23, 1), (1, 2), (25, 26), (26, 28), (27, 23), (28, 17), (28, 24),
    (2, 3), (3, 4),
    (5, 6), (6, 7), (7, 8),
    (9, 10), (10, 11), (11, 12),
    (13, 14), (14, 15), (15, 16),
    (17, 18), (18, 19), (19, 20),
)  # fmt: skip


# The three large lines of a palm, each through four places given as weights of wrist (0), index
# knuckle (5) and little finger's knuckle (17), and the lines' names in palmistry.
_PALM_LINES = np.array(
    [
        [(0.12, 0.95, -0.02), (0.22, 0.60, 0.18), (0.45, 0.35, 0.20), (0.80, 0.15, 0.05)],  # life
        [(0.12, 0.95, -0.02), (0.22, 0.55, 0.23), (0.30, 0.28, 0.42), (0.38, 0.02, 0.60)],  # head
        [(0.02, 0.72, 0.22), (0.12, 0.50, 0.38), (0.18, 0.22, 0.60), (0.18, -0.06, 0.88)],  # heart
    ]
)
_PLAIN = 128
_CREASE, _NAIL = 84, 158


def _creases_and_nails(shape: HandShape) -> list[tuple[Floats, int, float]]:
    """Groups of lines on the skin: (N, points, 3) places in hand lengths, their effect on the light
    (as in _PLAIN), and their thickness in hand lengths."""
    joints = shape.joints
    across = (joints[17] - joints[5]) / np.linalg.norm(joints[17] - joints[5])
    palm = _PALM_LINES @ joints[[0, 5, 17]] + 0.15 * shape.palm_normal
    fingers = joints[5:].reshape(4, 4, 3)
    bones = np.diff(fingers, axis=1)
    bones = bones / np.linalg.norm(bones, axis=2, keepdims=True)
    inward = np.cross(across, bones)
    radii = JOINT_RADII[5:].reshape(4, 4, 1)
    places = fingers[:, :3] + [[(0.2,), (0.0,), (0.0,)]] * bones + 0.95 * radii[:, :3] * inward
    half = 0.6 * radii[:, :3] * across
    bends = np.stack([places - half, places + half], axis=2).reshape(-1, 2, 3)
    nails = fingers[:, 3] - 0.95 * radii[:, 3] * inward[:, 2]
    nails = np.stack([nails - 0.1 * bones[:, 2], nails], axis=1)
    return [(palm, _CREASE, 0.015), (bends, _CREASE, 0.015), (nails, _NAIL, 0.085)]


def _in_sight(lines: Floats, heights: Field, tolerance_px: float) -> npt.NDArray[np.bool_]:
    """(N,) whether nothing stands before the middle of each of N lines ((N, points, 4) x, y and
    height in pixels, and more)."""
    column, row, height = lines[..., :3].mean(axis=1).T
    rows, columns = heights.shape
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
    skin = heights[row.astype(int), column.astype(int)]
    return np.asarray(inside & (skin < height + tolerance_px))


def _box(balls: Floats, size_px: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the part of the picture that the balls reach, or None."""
    margin = balls[:, 3:] + 4
    low = np.floor((balls[:, :2] - margin).min(axis=0)).astype(int)
    high = np.ceil((balls[:, :2] + margin).max(axis=0)).astype(int)
    left, top = np.maximum(low, 0).tolist()
    right, bottom = np.minimum(high, size_px).tolist()
    return (left, top, right, bottom) if min(right - left, bottom - top) >= 4 else None


class _Relief:
    """A field of heights, raised ball by ball.

    Attributes:
        heights: (h, w) float32, pixels towards the camera; NaN where nothing stands.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        width, height = size_px
        self.heights: Field = np.full((height, width), np.nan, np.float32)
        self._x = np.arange(width, dtype=np.float32)[None]
        self._y = np.arange(height, dtype=np.float32)[:, None]

    def raise_capsule(self, first: _Ball, second: _Ball) -> None:
        """Raise the field to the surface of the capsule between two balls.

        At a pixel p the nearest point of the axis lies the share t along it; there the surface
        stands sqrt(r(t)^2 - |p - axis(t)|^2) above the axis: a polynomial in t and the share s
        before it is limited to the axis.
        """
        dx, dy, dz = second.x - first.x, second.y - first.y, second.height - first.height
        dr = second.radius - first.radius
        length2 = dx * dx + dy * dy
        if length2 < dz * dz:
            self.raise_ball(max(first, second, key=lambda ball: ball.height))
        window = self._window(first, second)
        if window is None or length2 < 1:
            return
        part, x, y = window
        square = x * np.float32(dx / length2) + y * np.float32(dy / length2)
        t = np.maximum(square, _ZERO)
        np.minimum(t, _ONE, out=t)
        square *= np.float32(2 * length2)
        square += np.float32(dr * dr - length2) * t
        square += np.float32(2 * first.radius * dr)
        square *= t
        square += (np.float32(first.radius**2) - x * x) - y * y
        t *= np.float32(dz)
        t += np.float32(first.height)
        self._lift(part, square, t)

    def raise_ball(self, ball: _Ball) -> None:
        """Raise the field to the surface of a ball."""
        window = self._window(ball, ball)
        if window is not None:
            part, x, y = window
            square = (np.float32(ball.radius**2) - x * x) - y * y
            self._lift(part, square, np.float32(ball.height))

    def _window(self, first: _Ball, second: _Ball) -> tuple[_Part, Field, Field] | None:
        """The part of the field that two balls and all between them reach, with its x (1, w) and
        y (h, 1) from the first ball's centre; None where that is outside."""
        height, width = self.heights.shape
        left = max(int(min(first.x - first.radius, second.x - second.radius)), 0)
        right = min(int(max(first.x + first.radius, second.x + second.radius)) + 2, width)
        top = max(int(min(first.y - first.radius, second.y - second.radius)), 0)
        bottom = min(int(max(first.y + first.radius, second.y + second.radius)) + 2, height)
        if left >= right or top >= bottom:
            return None
        x = self._x[:, left:right] - np.float32(first.x)
        y = self._y[top:bottom] - np.float32(first.y)
        return (slice(top, bottom), slice(left, right)), x, y

    def _lift(self, part: _Part, square: Field, base: Field | np.float32) -> None:
        """Raise a part to base + sqrt(square), where there is a root: elsewhere it is NaN, which
        fmax passes over."""
        np.sqrt(square, out=square)
        square += base
        target = self.heights[part]
        np.fmax(target, square, out=target)


def _lit(heights: Field, cover: Field, look: Look, hand_px: float) -> Field:
    """Brightness of each pixel, 1 where the light falls straight on it (Lambert).

    Args:
        heights: (h, w) pixels towards the camera, NaN where nothing stands.
        cover: (h, w) 1 where something stands, else 0.
        look: the light.
        hand_px: pixels of a hand length.
    """
    heights = np.nan_to_num(heights, copy=False, nan=0.0)
    soft = _mean(heights, cover, 0.05 * hand_px)
    slope_x = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    x, y, z = (float(value) for value in look.light * (1 - look.ambient))
    light: Field = cv2.addWeighted(slope_x, -x, slope_y, -y, z).astype(np.float32, copy=False)
    light /= cv2.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
    np.maximum(light, 0, out=light)
    light += np.float32(look.ambient)
    light *= _openness(soft, cover, hand_px)
    return light


def _openness(heights: Field, cover: Field, hand_px: float) -> Field:
    """Share of the light that hollows leave, by how far the flesh around stands above; computed at
    a quarter of the resolution."""
    small = (max(heights.shape[1] // 4, 1), max(heights.shape[0] // 4, 1))
    low = cv2.resize(heights * cover, small, interpolation=cv2.INTER_AREA)
    low_cover = cv2.resize(cover, small, interpolation=cv2.INTER_AREA)
    around = _mean(low, low_cover, 0.3 * hand_px / 4)
    here = low / np.maximum(low_cover, 0.05)
    open_share = 1 - np.clip((around - here) * np.float32(1.6 / hand_px), 0, 0.35)
    return np.asarray(cv2.resize(open_share, heights.shape[::-1]), np.float32)


def _mean(heights: Field, cover: Field, size_px: float) -> Field:
    """The mean over a square of that size, of what is covered alone."""
    size = (int(size_px) | 1,) * 2
    total = cv2.blur(cv2.blur(heights, size), size)
    total /= np.maximum(cv2.blur(cv2.blur(cover, size), size), np.float32(1e-3))
    return np.asarray(total, np.float32)


def _beyond(shape: tuple[int, ...], start: _Ball, towards: _Ball) -> Image:
    """(h, w) 255 on the far side of a line through `start`, across the way on; else 0."""
    x = np.arange(shape[1], dtype=np.float32)[None] - start.x
    y = np.arange(shape[0], dtype=np.float32)[:, None] - start.y
    beyond = x * (towards.x - start.x) > -y * (towards.y - start.y)
    return beyond.view(np.uint8) * np.uint8(255)


def make_backdrop(size_px: tuple[int, int], rng: np.random.Generator) -> Image:
    """A room out of focus: a wall, things on it, and a person's trunk.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    width, height = size_px
    wall = _muted(rng, 80, 215) * np.linspace(1.0, rng.uniform(0.6, 1.0), height)[:, None, None]
    room = np.ascontiguousarray(np.broadcast_to(wall, (height, width, 3)), np.uint8)
    for _ in range(int(rng.integers(5, 12))):
        corner = rng.uniform((-0.1, -0.1), (1, 1)) * size_px
        extent = rng.uniform(0.05, 0.35, 2) * size_px
        _fill(room, corner, corner + extent, _muted(rng, 25, 225))
    _draw_trunk(room, rng)
    sigma_px = width * float(rng.uniform(0.008, 0.02))
    return np.asarray(cv2.GaussianBlur(room, (0, 0), sigma_px), np.uint8)


def _fill(room: Image, low: Floats, high: Floats, colour: Floats) -> None:
    left, top, right, bottom = (int(value) for value in (*low, *high))
    cv2.rectangle(room, (left, top), (right, bottom), colour.tolist(), -1)


def _draw_trunk(room: Image, rng: np.random.Generator) -> None:
    """The shirt of the person, behind the hand and to the left of it."""
    height, width = room.shape[:2]
    colour = _muted(rng, 25, 180).tolist()
    centre = (int(width * rng.uniform(0.2, 0.45)), int(height * 1.05))
    cv2.ellipse(room, centre, (int(width * 0.3), int(height * 0.45)), 0, 0, 360, colour, -1)


def _muted(rng: np.random.Generator, darkest: float, brightest: float) -> Floats:
    """(3,) a colour of things in rooms: near grey, BGR 0 to 255."""
    colour: Floats = rng.uniform(darkest, brightest) * rng.uniform(0.72, 1.15, 3)
    return np.clip(colour, 0, 255)
