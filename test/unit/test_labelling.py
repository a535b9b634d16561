"""Marks of what is performed, and the keys that make them."""

import os
import pty
import threading

import pytest

import sign_recognition.live.keyboard as keyboard
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.labelling import LabelMarks

S = 1_000_000_000


def test_a_label_is_told_when_it_ends():
    marks = LabelMarks()
    marks.begin('Swipe Left', 5 * S)
    marks.begin('Grab', 6 * S)  # another one may run at the same time
    assert marks.running == ('Swipe Left', 'Grab')
    told = marks.end('Swipe Left', 7 * S)
    assert told == GestureEvent(EventKind.END, 'Swipe Left', 1.0, 5 * S, 7 * S)
    assert marks.running == ('Grab',)
    marks.begin('Swipe Left', 8 * S)


@pytest.mark.parametrize('label', ['', ' ', 'none', ' Grab'])
def test_what_is_no_gesture_is_refused(label):
    with pytest.raises(ValueError, match="label: '"):
        LabelMarks().begin(label, 0)


def test_marks_out_of_order_are_refused():
    marks = LabelMarks()
    with pytest.raises(ValueError, match="'Grab' has not begun"):
        marks.end('Grab', 1)
    marks.begin('Grab', 10)
    with pytest.raises(ValueError, match="'Grab' has begun already"):
        marks.begin('Grab', 11)
    with pytest.raises(ValueError, match='clock went back'):
        marks.end('Grab', 9)
    assert marks.running == ()


def test_keys_come_one_by_one_and_the_terminal_is_left_as_it_was(monkeypatch):
    ours, terminal = pty.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr('sys.stdin', stdin)
        before = keyboard.termios.tcgetattr(stdin)
        pressed, enough = [], threading.Event()

        def on_key(key):
            pressed.append(key)
            if len(pressed) == 2:
                enough.set()

        with keyboard.Keyboard(on_key) as keys:
            assert keys.usable
            os.write(ours, b'1x')  # no line end
            assert enough.wait(10)
        assert pressed == ['1', 'x']
        assert keyboard.termios.tcgetattr(stdin) == before
    os.close(ours)


def test_without_a_terminal_there_are_no_keys(monkeypatch, tmp_path):
    with (tmp_path / 'piped').open('w+') as stdin:
        monkeypatch.setattr('sys.stdin', stdin)
        with keyboard.Keyboard(print) as keys:
            assert not keys.usable
