"""Draws on images what was seen in them: hands, scores, the gesture, the command.

Sizes are given for an image of 640 px across, and grow and shrink with it. OpenCV's letters are
ASCII: others become question marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import HAND_BONES, LEFT_HAND, RIGHT_HAND, LandmarkFrame
from sign_recognition.motion import REST, MotionLimits, Velocity, velocity_in_words

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

# Blue, green, red. Each is drawn on a dark rim or panel, and so is plain to see on light and dark.
LEFT_COLOUR: Colour = (60, 160, 255)
RIGHT_COLOUR: Colour = (230, 200, 40)
_RIM: Colour = (25, 25, 25)
_BRIGHT: Colour = (255, 255, 255)
_DIM: Colour = (170, 170, 170)
_GREEN: Colour = (80, 200, 90)
_BAR: Colour = (70, 130, 60)
_RED: Colour = (80, 80, 255)

_REFERENCE_WIDTH_PX = 640
# How much of the image a panel lets through.
_PANEL_SHARE = 0.25
# OpenCV takes coordinates in sixteenths of a pixel, so that a slow hand does not tremble.
_SHIFT = 4
_FONT = cv2.FONT_HERSHEY_DUPLEX
_UNSCALED = MotionLimits()


@dataclass(frozen=True)
class Scene:
    """What is known at one image.

    Attributes:
        time_s: since the beginning.
        frame: the landmarks.
        best: label and score, 0 to 1, of the most probable classes, best first.
        gesture: label and score of the gesture that lasts; None: there is none.
        velocity: (6,) the command, m/s and rad/s in the order of motion.AXES.
        latched: a stop holds the robot until it is re-armed.
    """

    time_s: float
    frame: LandmarkFrame
    best: Sequence[tuple[str, float]]
    gesture: tuple[str, float] | None
    velocity: Velocity
    latched: bool = False


def draw_scene(image_bgr: Image, scene: Scene) -> None:
    """Draw all that is known at one image: hands, time, gesture, scores and command.

    Args:
        image_bgr: (H, W, 3) uint8, blue first; drawn on.
        scene: what is known.
    """
    draw_hands(image_bgr, scene.frame)
    pen = _Pen(image_bgr)
    _draw_time(pen, scene.time_s)
    if scene.gesture is not None:
        _draw_gesture(pen, *scene.gesture)
    _draw_scores(pen, scene.best)
    _draw_command(pen, scene.velocity, scene.latched)


def draw_hands(image_bgr: Image, frame: LandmarkFrame) -> None:
    """Draw the skeletons of the hands that a frame sees, the person's left and right by colour.

    Args:
        image_bgr: (H, W, 3) uint8, blue first; drawn on. It may have another size than the image
            that the landmarks were found in, but must have its aspect ratio.
        frame: the landmarks; a point that was not seen is left out, with its bones.
    """
    for part, colour in ((LEFT_HAND, LEFT_COLOUR), (RIGHT_HAND, RIGHT_COLOUR)):
        points_px = frame.points[part, :2] * image_bgr.shape[1]
        _draw_hand(image_bgr, points_px, _RIM, rim_px=1.5)
        _draw_hand(image_bgr, points_px, colour, rim_px=0.0)


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


class _Pen:
    """Draws in the coordinates of an image of 640 px across, whatever its size."""

    def __init__(self, image_bgr: Image) -> None:
        self._image = image_bgr
        self._scale = image_bgr.shape[1] / _REFERENCE_WIDTH_PX
        self.width = float(_REFERENCE_WIDTH_PX)
        self.height = image_bgr.shape[0] / self._scale

    def panel(self, x: float, y: float, width: float, height: float) -> None:
        """Darken a rectangle."""
        left, top = self._at(x, y)
        right, bottom = self._at(x + width, y + height)
        part = self._image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        part[:] = part * _PANEL_SHARE

    def bar(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle."""
        cv2.rectangle(
            self._image, self._at(x, y), self._at(x + width, y + height), colour, cv2.FILLED
        )

    def text(self, text: str, x: float, y: float, height: float, colour: Colour) -> None:
        """Write in letters of this height from x on; y is their foot."""
        size, thickness = self._font(height)
        cv2.putText(self._image, text, self._at(x, y), _FONT, size, colour, thickness, cv2.LINE_AA)

    def text_width(self, text: str, height: float) -> float:
        """How much room a text takes."""
        size, thickness = self._font(height)
        (width_px, _), _ = cv2.getTextSize(text, _FONT, size, thickness)
        return float(width_px / self._scale)

    def line(self, points: npt.NDArray[np.float64], width: float, colour: Colour) -> None:
        """A line through (N, 2) points, with the head of an arrow at its end."""
        fixed = (points * self._scale * 2**_SHIFT).round().astype(int)
        thickness = _whole(width * self._scale)
        cv2.polylines(self._image, [fixed], False, colour, thickness, cv2.LINE_AA, _SHIFT)
        end, back = fixed[-1], fixed[-1] - fixed[-2]
        along = back / max(float(np.linalg.norm(back)), 1e-9) * 3 * width * self._scale * 2**_SHIFT
        across = np.array([-along[1], along[0]]) * 0.7
        head = np.stack([end + along * 0.5, end - along * 0.5 + across, end - along * 0.5 - across])
        cv2.fillPoly(self._image, [head.round().astype(int)], colour, cv2.LINE_AA, _SHIFT)

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A thin ring."""
        cv2.circle(
            self._image, self._at(x, y), _whole(radius * self._scale), colour,
            _whole(1.5 * self._scale), cv2.LINE_AA,
        )  # fmt: skip

    def _font(self, height: float) -> tuple[float, int]:
        """OpenCV's scale and thickness of letters of this height."""
        thickness = _whole(height * self._scale / 11)
        return cv2.getFontScaleFromHeight(_FONT, _whole(height * self._scale), thickness), thickness

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round(x * self._scale), round(y * self._scale)


def _draw_time(pen: _Pen, time_s: float) -> None:
    text = f'{time_s:.2f} s'
    width = pen.text_width(text, 11)
    pen.panel(pen.width - width - 24, 8, width + 16, 24)
    pen.text(text, pen.width - width - 16, 25.5, 11, _BRIGHT)


def _draw_gesture(pen: _Pen, label: str, score: float) -> None:
    width, score_text = pen.text_width(label, 22), f'{score:.2f}'
    pen.panel(8, 8, width + pen.text_width(score_text, 12) + 34, 42)
    pen.text(label, 18, 40, 22, _GREEN)
    pen.text(score_text, width + 28, 40, 12, _BRIGHT)


def _draw_scores(pen: _Pen, best: Sequence[tuple[str, float]]) -> None:
    """A row per class: its bar, and its name and score on the bar."""
    left, width, row_height = 8.0, 220.0, 22.0
    top = pen.height - 8 - row_height * len(best)
    pen.panel(left, top, width, row_height * len(best))
    for row, (label, score) in enumerate(best):
        y = top + row * row_height
        pen.bar(left, y + 1, max(score, 0.0) * width, row_height - 2, _BAR)
        pen.text(label, left + 8, y + 15.5, 9.5, _BRIGHT)
        number = f'{score:.2f}'
        pen.text(number, left + width - 8 - pen.text_width(number, 9.5), y + 15.5, 9.5, _BRIGHT)


def _draw_command(pen: _Pen, velocity: Velocity, latched: bool) -> None:
    """The velocity seen from above, forward up, with its numbers beside it."""
    size, radius = 66.0, 26.0
    words = velocity_in_words(velocity) or ['stopped until re-armed' if latched else 'at rest']
    moves = bool(velocity_in_words(velocity))
    text_width = max(pen.text_width(each, 9.5) for each in words)
    top, left = pen.height - 8 - size, pen.width - 8 - size
    pen.panel(left - text_width - 16, top, size + text_width + 16, size)
    x, y = left + size / 2, top + size / 2
    pen.circle(x, y, radius, _DIM)
    colour = _RED if latched and not moves else _BRIGHT if moves else _DIM
    if not moves:
        pen.bar(x - 6, y - 6, 12, 12, colour)
    _draw_arrows(pen, velocity, (x, y), radius)
    for row, text in enumerate(words):
        below = (row - (len(words) - 1) / 2) * 16
        pen.text(text, left - text_width - 8, y + 5 + below, 9.5, colour)


def _draw_arrows(pen: _Pen, velocity: Velocity, centre: tuple[float, float], radius: float) -> None:
    """Where to, as an arrow from the centre; which way it turns, as one along the circle."""
    forward, left, turn = velocity[0], velocity[1], velocity[5]
    speed = float(np.hypot(forward, left))
    if speed > REST:
        share = min(0.35 + 0.65 * speed / _UNSCALED.linear_mps, 1.0)
        tip = np.array([-left, -forward]) / speed * share * (radius - 8)
        pen.line(np.stack([np.zeros(2), tip]) + centre, 4, _GREEN)
    if abs(turn) > REST:
        share = min(0.25 + 0.75 * abs(turn) / _UNSCALED.angular_radps, 1.0)
        angles = np.linspace(0, np.sign(turn) * share * np.pi * 0.8, 24)
        along = np.stack([-np.sin(angles), -np.cos(angles)], axis=1) * radius
        pen.line(along + centre, 4, _GREEN)


def _whole(size_px: float) -> int:
    """A size that OpenCV can draw: whole, and at least 1."""
    return max(1, round(size_px))
