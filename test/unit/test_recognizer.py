"""Frames in, recognitions out."""

import numpy as np
import pytest
from support import contract, frame

from sign_recognition.decision import DecisionThresholds, EventKind
from sign_recognition.landmarks import RIGHT_HAND, LandmarkFrame, empty_points
from sign_recognition.model_contract import ImageInput, ModelContractError
from sign_recognition.recognizer import Recognizer


class Follows:
    """A classifier that believes in the class of a number: where the right wrist is now."""

    def __init__(self, **changes):
        self.contract = contract(**changes)

    def __call__(self, window):
        x = window[-1, 21, 0]
        right, left = (0.98, 0.01) if x > 0.7 else (0.01, 0.98) if x < 0.3 else (0.01, 0.01)
        return np.array([right, left, 1 - right - left], np.float32)


def run(recognizer, story, rate_hz=20.0, start_s=50.0):
    """Feed (duration_s, x) after each other; the events."""
    events, time_s = [], start_s
    for duration_s, x in story:
        for _ in range(round(duration_s * rate_hz)):
            time_s += 1 / rate_hz
            events += recognizer.step(frame(time_s, x)).events
    return events


def starts(events):
    return [each.label for each in events if each.kind is EventKind.START]


def test_a_gesture_starts_holds_and_ends():
    events = run(Recognizer(Follows()), [(2, 0.5), (2, 0.9), (3, 0.5)])
    kinds = [each.kind for each in events]
    assert starts(events) == ['Swipe Right']
    assert kinds[0] is EventKind.START
    assert kinds[-1] is EventKind.END
    assert set(kinds[1:-1]) == {EventKind.HOLD}


def test_idle_hands_and_no_hands_are_silent():
    assert run(Recognizer(Follows()), [(3, 0.5), (3, None), (3, 0.5)]) == []


class Insists(Follows):
    """A classifier that sees a swipe in whatever it saw last, as one does whose gaps are filled."""

    def __call__(self, window):
        return np.array([0.98, 0.01, 0.01], np.float32)


def test_a_hand_that_is_gone_starts_nothing():
    assert run(Recognizer(Insists()), [(3, None)]) == []
    recognizer = Recognizer(Insists(), DecisionThresholds(dwell_s=0.3))
    assert starts(run(recognizer, [(0.05, 0.5), (3, None)])) == []


def test_a_gesture_ends_with_its_hand_unless_the_hand_is_lost_for_a_moment():
    recognizer = Recognizer(Insists())
    lost = run(recognizer, [(2, 0.5), (0.2, None), (2, 0.5)])
    assert starts(lost) == ['Swipe Right'] and lost[-1].kind is EventKind.HOLD
    gone = run(recognizer, [(1, None)], start_s=54.2)
    assert [each.kind for each in gone if each.kind is not EventKind.HOLD] == [EventKind.END]


def test_a_hand_of_a_former_stream_is_not_in_view():
    recognizer = Recognizer(Insists())
    run(recognizer, [(2, 0.5)], start_s=50.0)
    assert recognizer.step(frame(10.0, None)).probabilities.argmax() == 2


def test_a_hand_cannot_be_unseen_for_less_than_no_time():
    with pytest.raises(ValueError, match='max_unseen_s: -1'):
        Recognizer(Follows(), max_unseen_s=-1)


def test_a_plain_camera_is_seen_in_the_mirror():
    recognizer = Recognizer(Follows())
    for index in range(40):
        result = recognizer.step(frame(index / 20, 0.1, mirrored=False))
    assert result.probabilities.argmax() == 0


@pytest.mark.parametrize('next_s', [10.0, 300.0])
def test_a_new_stream_ends_what_had_started(next_s):
    recognizer = Recognizer(Follows())
    assert starts(run(recognizer, [(2, 0.5), (2, 0.9)])) == ['Swipe Right']
    events = recognizer.step(frame(next_s, 0.5)).events
    assert [each.kind for each in events] == [EventKind.END]


def test_a_looping_bag_gives_the_same_again():
    recognizer = Recognizer(Follows())
    first = run(recognizer, [(2, 0.5), (2, 0.9), (3, 0.5)])
    again = run(recognizer, [(2, 0.5), (2, 0.9), (3, 0.5)])
    assert first == again


def test_given_thresholds_win():
    strict = DecisionThresholds(start_score=0.99)
    assert run(Recognizer(Follows(), strict), [(2, 0.5), (2, 0.9)]) == []


def test_a_world_model_is_refused_on_camera_landmarks():
    with pytest.raises(ModelContractError, match="'world'"):
        Recognizer(Follows(space='world'))


class SeesRed(Follows):
    """A classifier of clips that believes in red."""

    def __call__(self, window):
        assert window.shape == (8, 6, 4, 3) and window.dtype == np.uint8
        red = window[-1, :, :, 0].mean() / 255
        return np.array([red, 0, 1 - red], np.float32)


def test_a_model_of_images_is_given_them_small_and_in_the_mirror():
    recognizer = Recognizer(SeesRed(images=ImageInput(6, 4)))
    assert recognizer.needs_pixels
    shown = np.zeros((48, 64, 3), np.uint8)
    shown[:, :, 0] = 255
    story = [frame(n / 20) for n in range(40)]
    events = [e for each in story for e in recognizer.step(each, shown).events]
    assert starts(events) == ['Swipe Right']
    with pytest.raises(ValueError, match='image: none'):
        recognizer.step(frame(2.0))


def test_a_model_of_hands_needs_no_image():
    recognizer = Recognizer(SeesRed(images=ImageInput(6, 4, 'hand')))
    assert not recognizer.needs_pixels
    points = empty_points()
    points[RIGHT_HAND] = (-1.0, -1.0, 0)
    points[RIGHT_HAND][[1, 5, 9, 13, 17], :2] = [(3, -1), (3, 3), (2, 3), (1, 3), (-1, 3)]
    covering = [LandmarkFrame(n * 50_000_000, (640, 480), points) for n in range(20)]
    assert recognizer.step(frame(-1.0, None)).probabilities.argmax() == 2
    assert starts([e for each in covering for e in recognizer.step(each).events])
