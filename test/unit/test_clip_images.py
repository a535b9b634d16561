"""What an image-clip model is shown."""

import cv2
import numpy as np
import pytest
from support import frame

from sign_recognition.clip_images import RecentImages, clip_image, hand_silhouettes
from sign_recognition.landmarks import RIGHT_HAND, LandmarkFrame, empty_points
from sign_recognition.model_contract import ImageInput

COLOUR, HAND = ImageInput(24, 32), ImageInput(24, 32, 'hand')


def half_red():
    """(48, 64, 3) red on the left."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32, 0] = 255
    return image


def open_hand(x, y, size=0.1, size_px=(640, 480), mirrored=True):
    """A right hand, fingers up, its wrist at (x, y) image widths."""
    points = empty_points()
    points[RIGHT_HAND] = (x, y, 0)
    for finger in range(5):
        for joint in range(4):
            offset = (size * (finger - 2) / 5, -size * (1 + 0.3 * joint), 0)
            points[RIGHT_HAND.start + 1 + 4 * finger + joint] += np.array(offset, np.float32)
    return LandmarkFrame(0, size_px, points, mirrored)


def test_colours_are_scaled_down_in_the_selfie_view():
    seen = clip_image(COLOUR, frame(0.0), half_red())
    assert seen.shape == (24, 32, 3) and seen.dtype == np.uint8
    assert (seen[:, :16, 0] == 255).all() and not seen[:, 16:].any()
    plain = clip_image(COLOUR, frame(0.0, mirrored=False), half_red())
    np.testing.assert_array_equal(plain, seen[:, ::-1])


def test_the_given_image_is_not_changed():
    given = half_red()
    clip_image(ImageInput(48, 64), frame(0.0), given)[:] = 7
    clip_image(ImageInput(48, 64), frame(0.0, mirrored=False), given)[:] = 7
    np.testing.assert_array_equal(given, half_red())


def test_a_hand_is_white_where_it_is_and_all_else_is_black():
    hand = open_hand(0.25, 0.5)
    seen = clip_image(HAND, hand, half_red())
    assert seen.shape == (24, 32, 3) and seen.dtype == np.uint8
    ys, xs = np.nonzero(seen[..., 0] > 128)
    # From the wrist at 0.5 widths of 0.75 up to the fingertips at 0.31; about 0.06 to each side.
    assert abs(ys.max() / 24 - 0.5 / 0.75) < 0.1 and abs(ys.min() / 24 - 0.31 / 0.75) < 0.1
    assert abs(xs.min() / 32 - 0.2) < 0.06 and abs(xs.max() / 32 - 0.3) < 0.06
    assert (seen[12:14, 7:9] == 255).all()
    assert (seen[..., 0] == seen[..., 1]).all() and (seen[..., 0] == seen[..., 2]).all()


def test_no_hand_is_black():
    assert not clip_image(HAND, frame(0.0, None), None).any()


def test_a_hand_of_a_plain_image_is_turned_to_the_selfie_view():
    mirrored = hand_silhouettes(open_hand(0.25, 0.5), 24, 32)
    plain = hand_silhouettes(open_hand(0.75, 0.5, mirrored=False), 24, 32)
    assert abs(plain.astype(int).sum() - mirrored.astype(int).sum()) < 0.1 * mirrored.sum()
    assert (plain[:, 16:] == 0).all()


@pytest.mark.parametrize('far', [-1e9, 1e9])
def test_a_hand_far_outside_is_no_trouble(far):
    assert hand_silhouettes(open_hand(far, far, size=3.0), 24, 32).shape == (24, 32, 3)


def test_the_proportions_of_the_image_do_not_move_the_hand():
    wide = hand_silhouettes(open_hand(0.5, 0.3, size_px=(640, 320)), 32, 64)
    ys, _ = np.nonzero(cv2.cvtColor(wide, cv2.COLOR_RGB2GRAY) > 128)
    assert abs(ys.max() / 32 - 0.3 / 0.5) < 0.1


class TestRecentImages:
    def test_each_is_given_away_once_with_those_before_it(self):
        images = RecentImages()
        for stamp_ns in (1, 2, 3):
            images.put(stamp_ns, np.full((1, 1, 3), stamp_ns, np.uint8))
        assert images.take(2)[0, 0, 0] == 2
        assert images.take(2) is None and images.take(1) is None
        assert images.take(3)[0, 0, 0] == 3

    def test_one_that_never_came_costs_no_other(self):
        images = RecentImages()
        images.put(5, np.zeros((1, 1, 3), np.uint8))
        assert images.take(4) is None
        assert images.take(5) is not None

    def test_they_do_not_pile_up(self):
        images = RecentImages(capacity=3)
        for stamp_ns in range(10):
            images.put(stamp_ns, np.zeros((1, 1, 3), np.uint8))
        assert images.take(6) is None
        assert images.take(7) is not None
