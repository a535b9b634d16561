"""When the records of a bag are due."""

import struct

import numpy as np
import pytest

from sign_recognition.bags.playback import PAUSE_S, Playback, clock_offset_ns
from sign_recognition.bags.storage import Record

S = 1_000_000_000
BEGAN_NS = 1_700_000_000 * S


class Clock:
    """Passes only where somebody waits, or where a test says so."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s

    def wait(self, duration_s):
        self.now_s += duration_s


def record(at_s, stamp_s=None, topic='/landmarks'):
    stamp_ns = BEGAN_NS + round((at_s if stamp_s is None else stamp_s) * S)
    data = b'\0\1\0\0' + struct.pack('<iI', *divmod(stamp_ns, S))
    return Record(topic, 'sign_recognition/msg/Landmarks', BEGAN_NS + round(at_s * S), data)


def play(times_s, rate=1.0, loop=False, **options):
    """(seconds since the first, recording's time since the first, record) of each step."""
    clock = Clock()
    player = Playback(
        lambda: iter([record(at_s) for at_s in times_s]), rate, loop, clock, clock.wait, **options
    )
    for step in player.steps():
        yield clock.now_s - 1000, (step.time_ns - BEGAN_NS) / S, step.record


def shown(steps):
    return [(at_s, time_s) for at_s, time_s, each in steps if each is not None]


TIMES_S = [5.0, 5.033, 5.1, 7.5]


@pytest.mark.parametrize('rate', [0.5, 1.0, 4.0])
def test_records_are_due_at_the_rate(rate):
    at_s, time_s = np.transpose(shown(play(TIMES_S, rate)))
    np.testing.assert_allclose(at_s, (np.array(TIMES_S) - 5.0) / rate, atol=1e-6)
    np.testing.assert_allclose(time_s, TIMES_S)


@pytest.mark.parametrize('rate', [0.5, 1.0, 4.0])
def test_the_time_is_told_in_between_and_only_grows(rate):
    steps = list(play(TIMES_S, rate))
    times_s = np.array([time_s for _, time_s, _ in steps])
    assert (np.diff(times_s) >= 0).all()
    assert np.diff(times_s).max() <= 0.011 * rate
    ticks = [(at_s, time_s) for at_s, time_s, each in steps if each is None]
    assert len(ticks) >= 200 / rate
    for at_s, time_s in ticks:
        assert time_s == pytest.approx(5.0 + at_s * rate, abs=1e-5)


def test_a_loop_jumps_back_after_a_silence():
    steps = play([1.0, 1.2], loop=True)
    rounds = [next(each for each in steps if each[2] is not None) for _ in range(6)]
    assert [time_s for _, time_s, _ in rounds] == pytest.approx([1.0, 1.2] * 3)
    assert rounds[2][0] - rounds[1][0] == pytest.approx(PAUSE_S)


def test_without_a_record_even_a_loop_ends():
    assert list(play([], loop=True)) == []


def test_who_was_held_up_goes_on_without_a_burst():
    clock = Clock()
    player = Playback(
        lambda: iter([record(n / 10) for n in range(10)]), 1.0, False, clock, clock.wait
    )
    at_s = []
    for step in player.steps():
        if step.record is not None:
            at_s.append(clock.now_s - 1000)
            if len(at_s) == 3:
                clock.now_s += 5  # suspended
    np.testing.assert_allclose(at_s[:3], [0, 0.1, 0.2], atol=1e-6)
    assert at_s[3] == pytest.approx(5.2)
    np.testing.assert_allclose(np.diff(at_s[3:]), 0.1, atol=1e-6)


def test_time_that_the_receiver_takes_does_not_add_up():
    clock = Clock()
    player = Playback(
        lambda: iter([record(n / 10) for n in range(50)]), 1.0, False, clock, clock.wait
    )
    for step in player.steps():
        if step.record is not None:
            clock.now_s += 0.03
    assert clock.now_s - 1000 == pytest.approx(4.93)


@pytest.mark.parametrize(
    ('stamp_s', 'offset_s'), [(10.0, 0), (9.9, 0), (9.0, -1.0), (10.5, 0.5), (-1.7e9, -1.7e9 - 10)]
)
def test_stamps_of_another_clock_set_the_time(stamp_s, offset_s):
    assert clock_offset_ns(record(10.0, stamp_s)) / S == pytest.approx(offset_s)


def test_the_offset_moves_the_time():
    (step, *_) = play([1.0], offset_ns=-S)
    assert step[1] == 0.0
