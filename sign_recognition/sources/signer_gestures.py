"""What the rendered signer does with its hand: the 14 gestures of SHREC'17, and idle movement.

A movement is a few key poses and the times at which they are reached; between them the hand takes
the smoothest way (least jerk, Flash & Hogan 1985). Forms, sizes and speeds are those of the people
in SHREC'17 (De Smedt et al. 2017), read off as averages; no recording is copied. All are written
for a right hand in a selfie picture: x to the person's right, y down, z away from the camera.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sign_recognition.sources.hand_model import RELAXED, Floats, HandPose


def _fingers(*rows: tuple[float, float, float, float]) -> Floats:
    """(5, 4) joint angles in degrees, thumb first, as in hand_model.LOWEST_DEG."""
    return np.array(rows, np.float64)


OPEN = _fingers(
    (8, 52, 16, 20), (-2, -8, 20, 12), (-3, -8, 24, 14), (-3, -6, 24, 14), (-2, -2, 28, 16)
)
POINT = _fingers(
    (4, 46, 30, 36), (-3, -4, 20, 12), (40, -8, 94, 54), (48, -8, 96, 56), (62, -5, 92, 54)
)
FIST = _fingers(
    (30, 30, 35, 40), (70, 0, 90, 50), (76, 0, 92, 52), (78, 0, 92, 52), (78, 0, 90, 52)
)
CLAW = _fingers(
    (30, 40, 26, 30), (36, -8, 60, 36), (42, -6, 62, 37), (46, -4, 64, 37), (48, 0, 62, 36)
)
PINCHED = _fingers(
    (7, 38, 32, 42), (14, -13, 70, 42), (18, -13, 75, 44), (20, -13, 75, 44), (26, -16, 72, 44)
)
# The same with thumb and index alone, the others folded away.
SPREAD_TWO = _fingers(
    (6, 52, 18, 22), (-8, 2, 28, 16), (42, -6, 96, 56), (50, -6, 98, 58), (66, -4, 94, 56)
)
PINCHED_TWO = _fingers(
    (5, 45, 34, 48), (14, -13, 80, 48), (62, -2, 96, 56), (70, 0, 94, 56), (76, 0, 90, 54)
)
# In a tap of the index finger alone; the whole hand taps from the wrist.
TAPPED_ONE = np.vstack([POINT[0], (18, -4, 26, 16), POINT[2:]])

# How much the joint angles of one shape differ from time to time, degrees: a finger's joints bend
# by more than they spread, and mostly all fingers bend together (Santello et al. 1998, 'Postural
# Hand Synergies').
_LOOSE_DEG = _fingers((6, 6, 7, 9), (9, 4, 11, 8), (9, 3, 11, 8), (9, 3, 11, 8), (9, 4, 11, 8))
_TOGETHER_DEG = 0.4 * (RELAXED - OPEN)


def _loosely(shape: Floats, looseness: float, rng: np.random.Generator) -> Floats:
    """The (5, 4) joint angles of a shape, as a hand strikes it this time."""
    error: Floats = _TOGETHER_DEG * rng.normal() + rng.normal(0, _LOOSE_DEG)
    return shape + looseness * error


@dataclass(frozen=True)
class Key:
    """A pose that a movement passes or reaches.

    Attributes:
        time_s: when, from the movement's beginning.
        pose: the pose.
    """

    time_s: float
    pose: HandPose


@dataclass(frozen=True)
class Style:
    """How one performance differs from another.

    Attributes:
        home: (3,) where the wrist is before a gesture, hand lengths from the picture's centre.
        turn_deg: (3,) roll, lean and supination of the hand then.
        one_finger: the index finger performs (of a pinch, index and thumb), not the whole hand.
        habit_deg: (5, 4) how this hand's finger angles differ from the usual ones.
        size: factor on the way that the hand goes.
        slant_deg: by how much that way is turned in the picture, to the right.
        pace: factor on the time it takes.
        variant: 0 to 1, chooses between the ways in which people do one gesture.
        chance: random numbers; no key pose is struck exactly, and the fingers and the wrist
            give with every movement.
    """

    home: Floats
    turn_deg: Floats
    one_finger: bool
    habit_deg: Floats
    size: float
    slant_deg: float
    pace: float
    variant: float
    chance: np.random.Generator

    @property
    def ready(self) -> Floats:
        """The (5, 4) joint angles before the gesture."""
        return POINT if self.one_finger else OPEN

    def way(self, place: tuple[float, float, float]) -> Floats:
        """(3,) where a gesture's place, given relative to home, is in this style."""
        x, y, z = np.multiply(place, self.size)
        c, s = np.cos(np.radians(self.slant_deg)), np.sin(np.radians(self.slant_deg))
        way: Floats = self.home + np.array([c * x - s * y, s * x + c * y, z])
        return way


class Movement:
    """A way through key poses that starts and ends at rest.

    A value that turns back at a key stops there, any other passes through.

    Args:
        keys: two or more, in the order of time.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self._times = np.array([key.time_s for key in keys])
        self._values = np.stack([key.pose.values for key in keys])
        self._speeds = _passing_speeds(self._times, self._values)

    @property
    def duration_s(self) -> float:
        """Time from the first pose to the last."""
        return float(self._times[-1])

    @property
    def first(self) -> HandPose:
        return HandPose(self._values[0])

    @property
    def last(self) -> HandPose:
        return HandPose(self._values[-1])

    def at(self, time_s: float) -> HandPose:
        """The pose at a time; before the first key the first, after the last key the last."""
        time_s = min(max(time_s, 0.0), self.duration_s)
        i = int(np.searchsorted(self._times[1:-1], time_s, 'right'))
        span_s = self._times[i + 1] - self._times[i]
        share = (time_s - self._times[i]) / span_s
        ends = (self._values[i], self._values[i + 1])
        speeds = (self._speeds[i] * span_s, self._speeds[i + 1] * span_s)
        return HandPose(_least_jerk(share, ends, speeds))


def _least_jerk(share: float, ends: tuple[Floats, Floats], speeds: tuple[Floats, Floats]) -> Floats:
    """The quintic from one end to the other with the given speeds and no acceleration there."""
    s = share
    arrival = s**3 * (10 - 15 * s + 6 * s**2)
    leaving = s - s**3 * (6 - 8 * s + 3 * s**2)
    coming = -(s**3) * (4 - 7 * s + 3 * s**2)
    way = ends[1] - ends[0]
    path: Floats = ends[0] + way * arrival + speeds[0] * leaving + speeds[1] * coming
    return path


def _passing_speeds(times: Floats, values: Floats) -> Floats:
    """Speed of each value at each key: the harmonic mean of the slopes on both sides where these
    agree in sign, else 0 (as Fritsch & Butland 1984 do against overshooting)."""
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    before, after = slopes[:-1], slopes[1:]
    agree = before * after > 0
    speeds = np.zeros_like(values)
    total = np.where(agree, before + after, 1.0)
    speeds[1:-1] = np.where(agree, 2 * before * after / total, 0.0)
    return speeds


class _Choreography:
    """Collects the key poses of one performance, given relative to its style."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._keys: list[Key] = []
        self._time_s = 0.0

    def to(
        self,
        after_s: float,
        place: tuple[float, float, float] = (0, 0, 0),
        turn_deg: tuple[float, float, float] = (0, 0, 0),
        fingers_deg: Floats | None = None,
    ) -> _Choreography:
        """Reach a pose `after_s` later (times the style's pace): place and turn relative to the
        style's, fingers ready for the gesture unless told. A told shape is the point of the gesture
        and struck with more care."""
        style = self._style
        self._time_s += after_s * style.pace
        shape, looseness = (style.ready, 1.0) if fingers_deg is None else (fingers_deg, 0.35)
        pose = HandPose.of(
            style.way(place) + style.chance.normal(0, 0.06, 3),
            style.turn_deg + turn_deg + style.chance.normal(0, 5, 3),
            _loosely(shape + style.habit_deg, looseness, style.chance),
        )
        self._keys.append(Key(self._time_s, pose))
        return self

    def movement(self) -> Movement:
        return Movement(self._keys)


def _grab(style: Style) -> Movement:
    """Reach forward with an open hand, close it, draw it back."""
    reach, turn = (-1.0, -0.9, -1.2), (-12, 12, 0)
    closed = FIST if style.one_finger else CLAW
    return (
        _Choreography(style)
        .to(0, fingers_deg=RELAXED + 0.6 * (style.ready - RELAXED))
        .to(0.65, (-0.9, -0.85, -1.1), turn, SPREAD_TWO if style.one_finger else OPEN)
        .to(0.35, reach, turn, closed)
        .to(0.15, (-0.95, -0.8, -1.1), turn, closed)
        .to(0.65, (-0.05, 0, 0), (0, 0, 5), closed)
        .movement()
    )


def _tap(style: Style) -> Movement:
    """Pat forward and down, from the wrist or with the index finger, and back."""
    if style.one_finger:
        reach, turn, struck = (-0.35, -0.2, -0.6), (-8, 33, 4), TAPPED_ONE
    else:
        reach, turn, struck = (-0.35, 0.2, -0.6), (-12, 44, 8), OPEN + 0.5 * (RELAXED - OPEN)
    start = POINT if style.one_finger else struck
    return (
        _Choreography(style)
        .to(0, fingers_deg=start)
        .to(0.4, reach, turn, struck)
        .to(0.12, reach, turn, struck)
        .to(0.4, fingers_deg=start)
        .movement()
    )


def _expand(style: Style) -> Movement:
    """Spread the pinched fingers."""
    closed, opened = _pinch_shapes(style)
    return (
        _Choreography(style)
        .to(0, (0, 0.1, 0), (-10, 10, 0), closed)
        .to(0.15, (0, 0.1, 0), (-10, 10, 0), closed)
        .to(0.42, (-0.05, -0.1, -0.15), (-3, 4, 0), opened)
        .to(0.25, (-0.05, -0.12, -0.15), (-2, 3, 0), opened)
        .movement()
    )


def _pinch(style: Style) -> Movement:
    """Bring the spread fingers and the thumb together."""
    closed, opened = _pinch_shapes(style)
    return (
        _Choreography(style)
        .to(0, fingers_deg=opened)
        .to(0.15, fingers_deg=opened)
        .to(0.42, (-0.05, 0, -0.05), (-12, 9, 5), closed)
        .to(0.25, (-0.05, 0, -0.05), (-12, 9, 5), closed)
        .movement()
    )


def _pinch_shapes(style: Style) -> tuple[Floats, Floats]:
    return (PINCHED_TWO, SPREAD_TWO) if style.one_finger else (PINCHED, OPEN)


def _rotation(
    style: Style, place: tuple[float, float, float], turn: tuple[float, float, float]
) -> Movement:
    """Turn the hand as one turns a knob, wait, turn it back."""
    moved = (place[0], place[1] + 0.05, place[2])
    return _Choreography(style).to(0).to(0.8, place, turn).to(0.4, moved, turn).to(0.8).movement()


def _rotation_cw(style: Style) -> Movement:
    """Palm to the person, the thumb passing above: the forearm supinates."""
    return _rotation(style, (-0.05, -0.4, -0.1), (-32, 42, 155))


def _rotation_ccw(style: Style) -> Movement:
    """The thumb goes down, the little finger up: the forearm's pronation and the whole arm's."""
    return _rotation(style, (0.05, -0.75, -0.2), (-64, 8, -19))


def _swipe(
    style: Style, way: tuple[float, float, float], turn: tuple[float, float, float]
) -> Movement:
    """A fast stroke out, a short stop, a slower way back."""
    beyond = (way[0] * 1.02, way[1] * 1.02, way[2])
    return _Choreography(style).to(0).to(0.65, way, turn).to(0.2, beyond, turn).to(0.8).movement()


def _swipe_right(style: Style) -> Movement:
    return _swipe(style, (2.3, 0, -0.1), (8, 13, 40 * style.variant - 12))


def _swipe_left(style: Style) -> Movement:
    return _swipe(style, (-2.4, 0, -0.4), (-8, 16, 40 + 50 * style.variant))


def _swipe_up(style: Style) -> Movement:
    return _swipe(style, (-0.1, -2.0, -0.2), (0, -3, 0))


def _swipe_down(style: Style) -> Movement:
    return _swipe(style, (-0.25, 1.35, -0.45), (-3, 17, 0))


def _strokes(
    style: Style, corners: Sequence[tuple[float, float]], times_s: Sequence[float]
) -> Movement:
    """Draw lines from corner to corner (x, y in hand lengths)."""
    drawing = _Choreography(style)
    for (x, y), time_s in zip(corners, (0.0, *times_s), strict=True):
        drawing.to(time_s, (x, y, -0.1 * y), (4 * x, 4 * y, -5 * x))
    return drawing.movement()


def _swipe_x(style: Style) -> Movement:
    """Two crossing diagonals, both drawn downwards, or the second one upwards."""
    if style.variant < 0.55:
        corners = [(1.2, -1.0), (-1.2, 1.0), (-1.2, -1.0), (1.2, 1.0)]
    else:
        corners = [(-1.2, -1.0), (1.2, 1.0), (-1.2, 1.0), (1.2, -1.0)]
    return _strokes(style, corners, (0.8, 0.65, 0.8))


def _swipe_plus(style: Style) -> Movement:
    """A line down, then one from left to right through its middle."""
    return _strokes(style, [(0, -1.0), (0, 1.0), (-1.4, 0), (1.4, 0)], (0.75, 0.65, 0.8))


def _swipe_v(style: Style) -> Movement:
    """Down and up again, to the right or to the left."""
    x = 1.3 if style.variant < 0.65 else -1.3
    return _strokes(style, [(-x, -1.0), (0, 1.0), (x, -1.0)], (0.8, 0.8))


def _shake(style: Style) -> Movement:
    """Rock the hand from side to side like a person who says no with it."""
    waving = _Choreography(style).to(0)
    for swing in range(4 + 2 * round(2 * style.variant)):
        side = 1 if swing % 2 else -1
        waving.to(0.2 if swing == 0 else 0.3, (0.22 * side, 0.1, 0), (23 * side, 0, 6 * side))
    return waving.to(0.2).movement()


_PERFORMERS: dict[str, Callable[[Style], Movement]] = {
    'Grab': _grab,
    'Tap': _tap,
    'Expand': _expand,
    'Pinch': _pinch,
    'Rotation CW': _rotation_cw,
    'Rotation CCW': _rotation_ccw,
    'Swipe Right': _swipe_right,
    'Swipe Left': _swipe_left,
    'Swipe Up': _swipe_up,
    'Swipe Down': _swipe_down,
    'Swipe X': _swipe_x,
    'Swipe +': _swipe_plus,
    'Swipe V': _swipe_v,
    'Shake': _shake,
}

# Where a gesture begins, hand lengths from the signer's usual place, so that it stays in the
# picture: a stroke to the right begins left of the middle.
_STARTS: dict[str, tuple[float, float, float]] = {
    'Grab': (0.45, 0.35, 0.1),
    'Swipe Right': (-0.9, 0, 0),
    'Swipe Left': (1.0, 0, 0),
    'Swipe Up': (0, 0.8, 0),
    'Swipe Down': (0, -0.7, 0),
    'Swipe X': (0, 0.3, 0),
    'Swipe +': (0, 0.3, 0),
    'Swipe V': (0, 0.3, 0),
}


def perform(label: str, usual_place: Floats, rng: np.random.Generator) -> Movement:
    """One performance of a gesture by a right hand.

    Args:
        label: one of GESTURES.
        usual_place: (3,) the wrist's usual place, hand lengths from the picture's centre.
        rng: chooses the manner.
    """
    start = usual_place + _STARTS.get(label, (0, 0, 0)) + rng.normal(0, (0.12, 0.08, 0.1))
    style = Style(
        home=start,
        turn_deg=rng.normal((-6, 11, 0), (5, 6, 8)),
        one_finger=bool(rng.random() < 0.5),
        habit_deg=rng.normal(0, 4, (5, 4)),
        size=float(rng.uniform(0.85, 1.12)),
        slant_deg=float(rng.normal(0, 5)),
        pace=float(rng.uniform(0.85, 1.3)),
        variant=float(rng.random()),
        chance=rng,
    )
    return _PERFORMERS[label](style)


def idle(
    start: HandPose, end: HandPose, duration_s: float, usual_place: Floats, rng: np.random.Generator
) -> Movement:
    """What the hand does between two gestures: sink to a rest, pass the time, get ready, wait.

    The last two are the preparation and the pre-stroke hold of Kendon 1980, 'Gesticulation and
    Speech'. Without the hold nobody could tell a hand that is raised and swipes down from one that
    swipes up and returns.

    Args:
        start: the pose in which the last gesture left it.
        end: the pose in which the next one begins.
        duration_s: time for all of it, 1 s or more.
        usual_place: as in `perform`.
        rng: chooses what it does.
    """
    rest = _resting_pose(usual_place, rng)
    pastimes = _LONG_PASTIMES if duration_s >= 2.2 else _PASTIMES
    pastime = pastimes[int(rng.integers(len(pastimes)))]
    begin_s, finish_s = np.array([0.25, 0.45]) * duration_s
    ready_s = duration_s - rng.uniform(0.25, 0.5)
    poses = pastime(rest, rng)
    times_s = np.linspace(begin_s, finish_s, len(poses))
    keys = [Key(float(t), pose) for t, pose in zip(times_s, poses, strict=True)]
    return Movement([Key(0, start), *keys, Key(ready_s, end), Key(duration_s, end)])


def _resting_pose(usual_place: Floats, rng: np.random.Generator) -> HandPose:
    """A relaxed hand, somewhat below its usual place."""
    place = usual_place + rng.normal((0.3, 0.4, 0.15), (0.35, 0.25, 0.2))
    turn_deg = rng.normal((-12, 10, 15), (9, 8, 18))
    return HandPose.of(place, turn_deg, RELAXED + rng.normal(0, 6, (5, 4)))


def _varied(
    pose: HandPose, place: npt.ArrayLike, turn_deg: npt.ArrayLike, fingers_deg: Floats
) -> HandPose:
    """A pose displaced by the given amounts."""
    values = pose.values
    return HandPose.of(
        values[:3] + np.asarray(place),
        values[3:6] + np.asarray(turn_deg),
        pose.fingers_deg + fingers_deg,
    )


def _stay(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Rest, drifting a little."""
    drift = _varied(rest, rng.normal(0, 0.1, 3), rng.normal(0, 4, 3), rng.normal(0, 4, (5, 4)))
    return [rest, drift]


def _fidget(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Play with the fingers."""
    return [
        _varied(rest, rng.normal(0, 0.06, 3), rng.normal(0, 4, 3), rng.normal(0, 14, (5, 4)))
        for _ in range(4)
    ]


def _look_at_palm(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Turn the wrist and back."""
    turned = _varied(rest, (0, -0.1, 0), (0, 8, rng.uniform(25, 60)), rng.normal(0, 6, (5, 4)))
    return [rest, turned, _varied(rest, (0, 0.05, 0), (0, 0, 5), np.zeros((5, 4)))]


def _scratch(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Go aside and scratch with bent fingers."""
    aside = (0.5, -0.5 + rng.normal(0, 0.1), 0.3)
    bent = CLAW - rest.fingers_deg
    strokes = [
        _varied(rest, np.add(aside, (0, 0.08 * (-1) ** k, 0)), (15, 0, 20), bent + 10 * (k % 2))
        for k in range(4)
    ]
    return [*strokes, rest]


def _reach(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Reach for something beside the camera."""
    to = (rng.uniform(-0.8, 0.8), rng.uniform(-0.2, 0.5), -0.6)
    return [rest, _varied(rest, to, (0, 14, 15), rng.normal(-6, 6, (5, 4))), rest]


def _leave(rest: HandPose, rng: np.random.Generator) -> list[HandPose]:
    """Drop out of the picture and come back."""
    gone = _varied(rest, (rng.uniform(-0.3, 1.0), 4.5, 0.2), (10, -10, 10), np.zeros((5, 4)))
    return [gone, gone]


Pastime = Callable[[HandPose, np.random.Generator], list[HandPose]]
_PASTIMES: tuple[Pastime, ...] = (_stay, _stay, _fidget, _look_at_palm, _reach)
_LONG_PASTIMES: tuple[Pastime, ...] = (*_PASTIMES, _scratch, _leave)
