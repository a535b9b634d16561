"""Where detected hands are put."""

import numpy as np
import pytest

from sign_recognition.detector import DetectorConfig, make_detector, place_hands
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND


def hand(x):
    points = np.zeros((21, 3), np.float32)
    points[:, 0] = x
    points[9, 1] = -0.1
    return points


def where(points):
    """x of the left and right wrist."""
    return points[LEFT_HAND][0, 0], points[RIGHT_HAND][0, 0]


NAN = float('nan')


@pytest.mark.parametrize(
    ('hands', 'is_right', 'scores', 'left_and_right'),
    [
        ([], [], [], (NAN, NAN)),
        ([0.2], [True], [0.9], (NAN, 0.2)),
        ([0.2, 0.8], [True, False], [0.9, 0.9], (0.8, 0.2)),
        ([0.2, 0.8], [True, True], [0.6, 0.9], (0.2, 0.8)),
        ([0.2, 0.21], [True, True], [0.6, 0.9], (NAN, 0.21)),
        ([0.2, 0.21], [True, False], [0.6, 0.9], (0.21, NAN)),
        ([0.2, 0.8, 0.5], [True, False, True], [0.9, 0.8, 0.7], (0.8, 0.2)),
        ([0.1, 0.5, 0.9], [False, False, False], [0.5, 0.7, 0.6], (0.5, 0.9)),
    ],
)
def test_the_surest_hands_come_first_and_none_twice(hands, is_right, scores, left_and_right):
    placed = place_hands([hand(x) for x in hands], is_right, scores)
    np.testing.assert_allclose(where(placed), left_and_right)


def test_an_unknown_solution_is_named():
    with pytest.raises(ValueError, match=r"'legs'.*hands.*holistic"):
        make_detector(DetectorConfig(solution='legs'))


@pytest.mark.parametrize(
    ('solution', 'model_complexity'), [('hands', 1), ('holistic', 1), ('holistic', 0)]
)
def test_an_empty_image_is_a_frame_that_sees_nothing(solution, model_complexity):
    detector = make_detector(DetectorConfig(solution, model_complexity=model_complexity))
    for stamp_ns in (10, 20, 5):
        frame = detector.detect(np.zeros((120, 160, 3), np.uint8), stamp_ns)
        assert frame.stamp_ns == stamp_ns
        assert frame.size_px == (160, 120)
        assert frame.hands_seen == 0
    detector.close()
