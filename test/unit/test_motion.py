"""Stories of gestures and what the robot is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sign_recognition.decision import EventKind
from sign_recognition.motion import (
    AXES,
    Action,
    ActionKind,
    MotionController,
    MotionLimits,
    load_gesture_table,
    velocity_in_words,
)

STEP_S = 0.02


def velocity(**axes):
    return np.array([axes.get(axis, 0.0) for axis in AXES])


TABLE = {
    'forward': Action(ActionKind.MOVE, velocity(linear_x=0.3), for_s=1.0),
    'back': Action(ActionKind.MOVE, velocity(linear_x=-0.3), for_s=1.0),
    'point': Action(ActionKind.MOVE, velocity(angular_z=0.8)),
    'rush': Action(ActionKind.MOVE, velocity(linear_x=99.0), for_s=5.0),
    'fist': Action(ActionKind.STOP, velocity()),
    'open': Action(ActionKind.REARM, velocity()),
}


class Story:
    """A controller with a clock that a test moves, and recognition that is alive until told."""

    def __init__(self, **limits):
        self.controller = MotionController(TABLE, MotionLimits(**limits))
        self.now_s = 100.0
        self.alive = True
        self.hands = 1
        self.told = []

    def run(self, duration_s):
        for _ in range(round(duration_s / STEP_S)):
            self.now_s += STEP_S
            if self.alive:
                self.controller.heartbeat(round(self.now_s * 1e9), self.hands, self.now_s)
            self.told.append(self.controller.step(self.now_s))
        return self.told[-1]

    def start(self, label, late=False):
        self.controller.gesture(EventKind.START, label, self.now_s, late)

    def end(self, label):
        self.controller.gesture(EventKind.END, label, self.now_s)


def story(**limits):
    told = Story(**limits)
    told.run(0.2)
    return told


def test_at_rest_until_told():
    assert not story().run(1.0).any()


def test_a_gesture_moves_for_its_time_and_no_longer():
    told = story()
    told.start('forward')
    np.testing.assert_allclose(told.run(0.5), velocity(linear_x=0.3))
    assert not told.run(1.0).any()


def test_a_held_gesture_moves_until_its_end():
    told = story()
    told.start('point')
    np.testing.assert_allclose(told.run(5.0), velocity(angular_z=0.8))
    told.end('point')
    assert not told.run(0.5).any()


def test_repeating_a_gesture_adds_nothing():
    told = story()
    for _ in range(10):
        told.start('forward')
        told.run(0.2)
    np.testing.assert_allclose(told.run(0.1), velocity(linear_x=0.3))


def test_speed_and_acceleration_are_limited():
    told = story(linear_mps=0.5, linear_accel_mps2=1.0, decel_factor=2.0)
    told.start('rush')
    told.run(2.0)
    told.controller.stop()
    told.run(1.0)
    speeds = np.array(told.told)[:, 0]
    changes = np.diff(speeds) / STEP_S
    assert speeds.max() == 0.5
    assert changes.max() <= 1.0 + 1e-9
    assert changes.min() >= -2.0 - 1e-9


def test_turning_back_passes_through_rest():
    told = story(linear_accel_mps2=1000.0)
    told.start('forward')
    told.run(0.5)
    told.start('back')
    told.run(0.2)
    speeds = np.array(told.told)[:, 0]
    assert 0.0 in speeds[np.argmax(speeds) :].tolist()
    assert speeds[-1] == -0.3


@pytest.mark.parametrize('silence', ['recognition', 'hand'])
def test_silence_stops_the_robot_within_half_a_second(silence):
    told = story()
    told.start('point')
    told.run(1.0)
    if silence == 'recognition':
        told.alive = False
    else:
        told.hands = 0
    limits = told.controller.limits
    trusted_s = limits.input_timeout_s if silence == 'recognition' else limits.hand_timeout_s
    ramp_s = 0.8 / (limits.angular_accel_radps2 * limits.decel_factor)
    assert told.run(trusted_s - 0.05).any()
    assert not told.run(0.05 + ramp_s + 2 * STEP_S).any()


def test_gentle_accelerations_do_not_make_a_stop_slow():
    told = story(linear_accel_mps2=0.01, angular_accel_radps2=0.01, decel_factor=1.0)
    told.controller._velocity = velocity(linear_x=0.5, angular_z=-1.0)  # else it takes a minute
    told.controller.stop()
    assert told.run(0.3).any()
    assert not told.run(0.2 + 2 * STEP_S).any()


def test_slowing_down_to_another_speed_is_as_gentle_as_it_was_asked_for():
    limits = MotionLimits(linear_accel_mps2=0.1, decel_factor=1.0)
    slower = limits.ramp(velocity(linear_x=0.5), velocity(linear_x=0.3), 0.1)
    assert slower[0] == pytest.approx(0.49)


def test_what_silence_ended_does_not_go_on_by_itself():
    told = story()
    told.start('point')
    told.run(1.0)
    told.alive = False
    told.run(1.0)
    told.alive = True
    assert not told.run(1.0).any()


def test_a_frozen_camera_is_a_silent_one():
    told = story()
    told.start('point')
    told.run(1.0)
    frozen_ns = round(told.now_s * 1e9)
    told.alive = False
    for _ in range(50):
        told.controller.heartbeat(frozen_ns, 1, told.now_s)
        told.run(STEP_S)
    assert not told.told[-1].any()


def test_stop_latches_until_rearmed():
    told = story()
    told.start('forward')
    told.run(0.3)
    told.start('fist')
    assert not told.run(0.5).any()
    told.start('forward')
    assert not told.run(0.5).any()
    assert told.controller.latched
    told.start('open')
    assert not told.run(0.5).any()
    told.start('forward')
    assert told.run(0.5).any()


def test_a_late_stop_latches():
    told = story()
    told.start('forward')
    told.run(0.3)
    told.start('fist', late=True)
    assert not told.run(0.5).any()
    assert told.controller.latched


@pytest.mark.parametrize('label', ['forward', 'back', 'open', 'wave'])
def test_any_other_late_gesture_ends_the_motion_and_begins_none(label):
    told = story()
    told.start('point')
    told.run(1.0)
    told.start(label, late=True)
    assert not told.run(0.5).any()


def test_a_late_gesture_does_not_rearm():
    told = story()
    told.start('fist')
    told.start('open', late=True)
    assert told.controller.latched


@pytest.mark.parametrize('label', ['none', 'wave', ''])
def test_a_label_that_authorises_nothing_ends_the_motion(label):
    told = story()
    told.start('point')
    told.run(1.0)
    told.start(label)
    assert not told.run(0.5).any()


def test_a_hold_without_its_start_moves_nothing():
    told = story()
    told.controller.gesture(EventKind.HOLD, 'point', told.now_s)
    assert not told.run(1.0).any()


def test_halt_is_zero_at_once():
    told = story()
    told.start('forward')
    told.run(0.5)
    told.controller.halt()
    assert not told.run(STEP_S).any()


def test_a_stalled_clock_is_no_leap():
    told = story(linear_accel_mps2=1.0)
    told.start('rush')
    told.now_s += 0.2
    told.controller.heartbeat(1, 1, told.now_s)
    assert told.controller.step(told.now_s)[0] <= 0.1 + 1e-9


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*TABLE, 'wave']),
            st.sampled_from(EventKind),
            st.floats(0.0, 1.0),
            st.booleans(),
            st.integers(0, 2),
        ),
        max_size=20,
    )
)
def test_whatever_happens_speed_is_bounded_and_silence_ends_in_rest(events):
    told = story()
    for label, kind, pause_s, alive, hands in events:
        told.alive, told.hands = alive, hands
        told.controller.gesture(kind, label, told.now_s)
        told.run(pause_s)
    told.alive = False
    told.run(1.0)
    speeds = np.abs(np.array(told.told))
    assert (speeds <= [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]).all()
    assert not told.told[-1].any()


def write(tmp_path, text):
    path = tmp_path / 'table.yaml'
    path.write_text(text)
    return path


def test_a_table_is_read(tmp_path):
    path = write(tmp_path, 'gestures: {up: {linear_x: 0.3, for_s: 2}, fist: stop, open: rearm}')
    table = load_gesture_table(path)
    assert table['up'].for_s == 2
    np.testing.assert_array_equal(table['up'].velocity, velocity(linear_x=0.3))
    assert table['fist'].kind is ActionKind.STOP
    assert table['open'].kind is ActionKind.REARM


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('[', 'no YAML'),
        ('gestures: 3', "'gestures'"),
        ('gestures: {up: go}', "'go'"),
        ('gestures: {up: {linear_x: fast}}', "'fast'"),
        ('gestures: {up: {linear_x: .nan}}', 'finite'),
        ('gestures: {up: {linear_x: true}}', 'True'),
        ('gestures: {up: {linear_q: 1, linear_x: 1}}', 'linear_q'),
        ('gestures: {up: {linear_x: 1, for_s: -1}}', 'for_s'),
        ('gestures: {none: {linear_x: 1}}', "'none'"),
        ('gestures: {1: {linear_x: 1}}', '1'),
    ],
)
def test_a_broken_table_is_refused_with_file_and_value(tmp_path, text, named):
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match=named) as refusal:
        load_gesture_table(path)
    assert str(path) in str(refusal.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent'):
        load_gesture_table(tmp_path / 'absent.yaml')


def test_a_velocity_in_words():
    velocity = np.array([0.3, 0.0, 0.0, 0.0, 0.004, -0.8])
    assert velocity_in_words(velocity) == ['forward +0.30 m/s', 'turn -0.80 rad/s']
    assert velocity_in_words(np.zeros(6)) == []
