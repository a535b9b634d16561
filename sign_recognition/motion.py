"""From gestures to velocity: table, deadman, latched stop, clamp, ramp, staleness.

Stopping is the default state. The controller moves only while three things hold: a gesture of the
table authorises it, recognition is alive, and a hand is in view. Every command is absolute; none
is added to the one before. Time is an argument, in seconds of a monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sign_recognition.decision import NONE_LABEL, EventKind
from sign_recognition.yaml_file import read_yaml

# The order of a velocity's six numbers, named as in geometry_msgs/Twist.
AXES = ('linear_x', 'linear_y', 'linear_z', 'angular_x', 'angular_y', 'angular_z')
Velocity = npt.NDArray[np.float64]

# Slower than this, m/s or rad/s, is shown as rest: it would read 0.00.
REST = 0.005

# A step after a pause speeds up no more than after this long, whatever the clock says.
_LONGEST_STEP_S = 0.1


class ActionKind(Enum):
    """What a gesture does to the robot."""

    MOVE = 'move'
    STOP = 'stop'
    REARM = 'rearm'


@dataclass(frozen=True)
class Action:
    """One row of the gesture table.

    Attributes:
        kind: move, stop (latches) or re-arm.
        velocity: (6,) m/s and rad/s in the order of AXES; zero unless the action is a move.
        for_s: how long a move lasts after the gesture's start; None: while the gesture is held.
    """

    kind: ActionKind
    velocity: Velocity
    for_s: float | None = None


@dataclass(frozen=True)
class MotionLimits:
    """What the robot may be told, and how long silence is trusted.

    Attributes:
        linear_mps: largest speed on each linear axis.
        angular_radps: largest speed on each angular axis.
        linear_accel_mps2: largest gain of linear speed per second.
        angular_accel_radps2: largest gain of angular speed per second.
        decel_factor: slowing down may be this many times as quick as speeding up.
        stop_within_s: an axis that is to rest does so after this, from any speed within its limit,
            also where the accelerations would take longer.
        input_timeout_s: recognition silent for longer than this counts as dead.
        hand_timeout_s: no hand in view for longer than this lets go of the deadman.
    """

    linear_mps: float = 0.5
    angular_radps: float = 1.0
    linear_accel_mps2: float = 1.0
    angular_accel_radps2: float = 2.0
    decel_factor: float = 3.0
    stop_within_s: float = 0.5
    input_timeout_s: float = 0.25
    hand_timeout_s: float = 0.5

    def clamp(self, velocity: Velocity) -> Velocity:
        """(6,) the velocity with every axis within its limit."""
        limit = self._per_axis(self.linear_mps, self.angular_radps)
        return np.clip(velocity, -limit, limit)

    def ramp(self, current: Velocity, target: Velocity, step_s: float) -> Velocity:
        """(6,) the velocity `step_s` after `current` on the way to `target`.

        An axis that changes its direction first comes to rest.
        """
        target = np.where(current * target < 0, 0.0, target)
        gain = self._per_axis(self.linear_accel_mps2, self.angular_accel_radps2) * step_s
        slowing = gain * self.decel_factor
        fastest = np.maximum(np.abs(current), self._per_axis(self.linear_mps, self.angular_radps))
        stopping = np.maximum(slowing, fastest / self.stop_within_s * step_s)
        slowing = np.where(target == 0, stopping, slowing)
        gain = np.where(np.abs(target) < np.abs(current), slowing, gain)
        return current + np.clip(target - current, -gain, gain)

    @staticmethod
    def _per_axis(linear: float, angular: float) -> Velocity:
        return np.repeat([linear, angular], 3).astype(float)


class MotionController:
    """Holds what the robot is told, and why.

    Args:
        table: what each gesture does; a label that is not in it authorises nothing.
        limits: speeds, accelerations and time-outs.
    """

    def __init__(self, table: Mapping[str, Action], limits: MotionLimits) -> None:
        self.limits = limits
        self._table = dict(table)
        self._velocity: Velocity = np.zeros(len(AXES))
        self._move: Action | None = None
        self._move_label = ''
        self._move_until_s = math.inf
        self._latched = False
        self._last_stamp_ns: int | None = None
        self._last_input_s = -math.inf
        self._last_hand_s = -math.inf
        self._last_step_s: float | None = None

    @property
    def latched(self) -> bool:
        """Whether a STOP holds the robot until it is re-armed."""
        return self._latched

    def input_alive(self, now_s: float) -> bool:
        """Whether recognition was heard within its time-out."""
        return now_s - self._last_input_s <= self.limits.input_timeout_s

    def hand_in_view(self, now_s: float) -> bool:
        """Whether a hand was seen within its time-out: the deadman is held."""
        return now_s - self._last_hand_s <= self.limits.hand_timeout_s

    def heartbeat(self, stamp_ns: int, hands_seen: int, now_s: float) -> None:
        """Recognition has seen an image. The same image again is no sign of life."""
        if stamp_ns == self._last_stamp_ns:
            return
        self._last_stamp_ns = stamp_ns
        self._last_input_s = now_s
        if hands_seen > 0:
            self._last_hand_s = now_s

    def gesture(self, kind: EventKind, label: str, now_s: float, late: bool = False) -> None:
        """Take one gesture event.

        A START replaces what went before, also where its label authorises nothing. A HOLD without
        its START moves nothing.

        Args:
            kind: what happens to the gesture.
            label: of the gesture.
            now_s: monotonic time.
            late: it is too old to move the robot. A START may still stop it, for good or by ending
                what went before.
        """
        if kind is EventKind.START:
            self._start(self._table.get(label), label, now_s, late)
        elif kind is EventKind.END and label == self._move_label and math.isinf(self._move_until_s):
            self._cancel_move()

    def stop(self) -> None:
        """Stop and stay stopped until re-armed."""
        self._latched = True
        self._cancel_move()

    def rearm(self) -> None:
        """Let gestures move the robot again; it stays at rest until the next one."""
        self._latched = False

    def halt(self) -> None:
        """Stop at once, without a ramp: the next step is zero."""
        self.stop()
        self._velocity = np.zeros(len(AXES))

    def step(self, now_s: float) -> Velocity:
        """The velocity to send now.

        Returns:
            (6,) m/s and rad/s in the order of AXES.
        """
        authorised = self.input_alive(now_s) and self.hand_in_view(now_s)
        if not authorised or now_s >= self._move_until_s:
            self._cancel_move()
        target = self._move.velocity if self._move else np.zeros(len(AXES))
        since_s = now_s - self._last_step_s if self._last_step_s is not None else 0.0
        self._last_step_s = now_s
        step_s = min(max(since_s, 0.0), _LONGEST_STEP_S)
        self._velocity = self.limits.ramp(self._velocity, self.limits.clamp(target), step_s)
        return self._velocity.copy()

    def _start(self, action: Action | None, label: str, now_s: float, late: bool) -> None:
        self._cancel_move()
        if action is None:
            return
        if action.kind is ActionKind.STOP:
            self.stop()
        elif late:
            return
        elif action.kind is ActionKind.REARM:
            self.rearm()
        elif not self._latched:
            self._move, self._move_label = action, label
            self._move_until_s = math.inf if action.for_s is None else now_s + action.for_s

    def _cancel_move(self) -> None:
        self._move, self._move_label, self._move_until_s = None, '', math.inf


def velocity_in_words(velocity: Velocity) -> list[str]:
    """Each axis of a (6,) velocity that moves, as 'forward +0.30 m/s'; empty at rest."""
    names = (
        ('forward', 'm/s'), ('left', 'm/s'), ('up', 'm/s'),
        ('roll', 'rad/s'), ('pitch', 'rad/s'), ('turn', 'rad/s'),
    )  # fmt: skip
    return [
        f'{name} {value:+.2f} {unit}'
        for (name, unit), value in zip(names, velocity, strict=True)
        if abs(value) >= REST
    ]


def load_gesture_table(path: Path | str) -> dict[str, Action]:
    """Read a gesture table (config/gestures.yaml describes the format).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no table of gestures; names the file, the gesture, the value and
            what is allowed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'gestures: {path} is no file')
    content = read_yaml(path, 'gestures')
    if not isinstance(content, dict) or not isinstance(content.get('gestures'), dict):
        raise ValueError(f"gestures: {path} has no mapping 'gestures' of label to action")
    try:
        return {label: _parse_action(label, row) for label, row in content['gestures'].items()}
    except ValueError as error:
        raise ValueError(f'gestures: {path}: {error}') from error


def _parse_action(label: Any, row: Any) -> Action:
    if not isinstance(label, str) or label in ('', NONE_LABEL):
        raise ValueError(f'label {label!r}: allowed is any text but {NONE_LABEL!r}')
    if row in (ActionKind.STOP.value, ActionKind.REARM.value):
        return Action(ActionKind(row), np.zeros(len(AXES)))
    if not isinstance(row, dict) or not row.keys() & set(AXES):
        raise ValueError(f'{label}: {row!r}, allowed are stop, rearm, or speeds of {AXES}')
    for key, value in row.items():
        if key not in (*AXES, 'for_s'):
            raise ValueError(f'{label}: {key!r}, allowed are {(*AXES, "for_s")}')
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
        ):
            raise ValueError(f'{label}: {key}: {value!r}, allowed is a finite number')
    for_s = row.get('for_s')
    if for_s is not None and for_s <= 0:
        raise ValueError(f'{label}: for_s: {for_s}, allowed is more than 0 seconds')
    velocity = np.array([row.get(axis, 0.0) for axis in AXES], float)
    return Action(ActionKind.MOVE, velocity, for_s)
