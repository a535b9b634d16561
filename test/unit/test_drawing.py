"""What is drawn, where, and that it can be seen on light and on dark."""

import numpy as np
import pytest
from support import frame

from sign_recognition.drawing import LEFT_COLOUR, RIGHT_COLOUR, Scene, draw_hands, draw_scene
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND, LandmarkFrame, empty_points

SIZES = [(480, 640), (360, 480), (1080, 1920), (854, 480)]
BEST = [('Swipe Up', 0.9), ('Swipe Down', 0.05), ('none', 0.01)]
REST = np.zeros(6)


def hand(part, x, y=0.3):
    """A hand of 0.1 image widths at a place, its points on a grid."""
    points = empty_points()
    points[part] = [(x + 0.02 * (i % 6), y + 0.03 * (i // 6), 0.0) for i in range(21)]
    return LandmarkFrame(0, (640, 480), points)


def grey(size=(480, 640), brightness=128):
    return np.full((*size, 3), brightness, np.uint8)


def changed(image, brightness=128):
    """(H, W) which pixels are no longer the background."""
    return (image != brightness).any(axis=2)


def has_colour(image, colour):
    return (np.abs(image.astype(int) - colour).max(axis=2) < 10).any()


def scene(velocity=REST, gesture=None, best=BEST, latched=False):
    return Scene(1.5, frame(0, None), best, gesture, np.array(velocity, float), latched)


def with_speed(axis, value):
    return np.eye(6)[axis] * value


@pytest.mark.parametrize('size', SIZES)
def test_a_hand_is_drawn_where_it_is_and_nowhere_else(size):
    image = grey(size)
    draw_hands(image, hand(RIGHT_HAND, 0.5))
    rows, columns = np.nonzero(changed(image))
    width = size[1]
    assert 0.48 < columns.min() / width < 0.5 < 0.6 < columns.max() / width < 0.62
    assert 0.28 < rows.min() / width < 0.3 < 0.39 < rows.max() / width < 0.41


@pytest.mark.parametrize('brightness', [0, 255])
def test_left_and_right_have_their_colours_on_dark_and_on_light(brightness):
    image = grey(brightness=brightness)
    draw_hands(image, hand(LEFT_HAND, 0.2))
    assert has_colour(image, LEFT_COLOUR)
    assert not has_colour(image, RIGHT_COLOUR)
    draw_hands(image, hand(RIGHT_HAND, 0.7))
    assert has_colour(image[:, 400:], RIGHT_COLOUR)


def test_without_a_hand_nothing_is_drawn():
    image = grey()
    draw_hands(image, frame(0, None))
    assert not changed(image).any()


def test_points_that_were_not_seen_are_left_out():
    seen = hand(RIGHT_HAND, 0.5)
    seen.points[RIGHT_HAND][1:] = np.nan
    image = grey()
    draw_hands(image, seen)
    rows, columns = np.nonzero(changed(image))
    assert 0 < np.ptp(columns) < 20
    assert 0 < np.ptp(rows) < 20


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('brightness', [0, 255])
def test_words_can_be_read_on_dark_and_on_light(size, brightness):
    image = grey(size, brightness)
    draw_scene(image, scene(gesture=('Swipe Up', 0.9)))
    corners = [image[: size[1] // 16, : size[1] // 3], image[-size[1] // 10 :, : size[1] // 3]]
    for corner in corners:
        assert np.median(corner) < 100
        assert corner.max() > 190


def test_the_same_scene_is_the_same_picture():
    first, again = grey(), grey()
    for image in (first, again):
        draw_scene(image, scene(with_speed(0, 0.3), ('Swipe Up', 0.9)))
    np.testing.assert_array_equal(first, again)


def test_a_bar_is_as_long_as_its_score():
    lengths = []
    for score in (0.0, 0.25, 0.5, 1.0):
        image = grey()
        draw_scene(image, scene(best=[('', score)]))
        row = image[-12, 8:229].astype(int)
        lengths.append((row[:, 1] > row[:, 2] + 30).sum())
    assert lengths == sorted(lengths)
    assert lengths[0] < 5
    assert lengths[2] == pytest.approx(lengths[3] / 2, abs=3)


def test_a_gesture_is_announced():
    silent, told = grey(), grey()
    draw_scene(silent, scene())
    draw_scene(told, scene(gesture=('Swipe Up', 0.9)))
    rows, columns = np.nonzero((silent != told).any(axis=2))
    assert rows.max() < 60
    assert columns.max() < 320


@pytest.mark.parametrize(
    ('velocity', 'axis', 'sign'),
    [
        (with_speed(0, 0.3), 0, -1),  # forward is up
        (with_speed(0, -0.3), 0, 1),
        (with_speed(1, 0.3), 1, -1),  # left is left
        (with_speed(5, 0.8), 1, -1),  # a positive turn goes to the left
        (with_speed(5, -0.8), 1, 1),
    ],
)
def test_the_arrow_points_where_the_robot_goes(velocity, axis, sign):
    image = grey()
    draw_scene(image, scene(velocity))
    dial = image[-74:-8, -74:-8].astype(int)  # the last panel, 66 px wide, 8 px from the edges
    green = (dial[..., 1] > dial[..., 0] + 60) & (dial[..., 1] > dial[..., 2] + 60)
    assert green.sum() > 30
    assert sign * (np.argwhere(green)[:, axis].mean() - 33) > 3


def test_a_latched_stop_is_red():
    image = grey()
    draw_scene(image, scene(latched=True))
    dial = image[-74:-8, -74:-8].astype(int)
    assert (dial[..., 2] > dial[..., 1] + 100).any()
