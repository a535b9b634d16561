"""The landmark layout and its symmetries."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sign_recognition.landmarks import (
    HAND_BONES,
    HAND_NAMES,
    LEFT_HAND,
    OPPOSITE_SIDE,
    POSE_NAMES,
    RIGHT_HAND,
    LandmarkFrame,
    empty_points,
    flip_view,
    mirror,
)

points = hnp.arrays(np.float32, (75, 3), elements=st.floats(0, 1, width=16) | st.just(float('nan')))


def test_layout_is_mediapipes():
    from sign_recognition.detector import _import_solutions

    solutions = _import_solutions()
    hand = [each.name.lower() for each in solutions.hands.HandLandmark]
    pose = [each.name.lower() for each in solutions.pose.PoseLandmark]
    bones = {tuple(sorted(bone)) for bone in solutions.hands.HAND_CONNECTIONS}
    assert [name.replace('finger_', '') for name in hand] == list(HAND_NAMES)
    assert pose == list(POSE_NAMES)
    assert bones == set(HAND_BONES)


def test_opposite_side_is_an_involution_that_swaps_the_hands():
    assert sorted(OPPOSITE_SIDE) == list(range(75))
    assert (OPPOSITE_SIDE[OPPOSITE_SIDE] == np.arange(75)).all()
    assert (OPPOSITE_SIDE[LEFT_HAND] == np.arange(21, 42)).all()


def test_opposite_side_pairs_the_body_by_name():
    names = [POSE_NAMES[i - 42] for i in OPPOSITE_SIDE[42:]]
    expected = {'left_wrist': 'right_wrist', 'mouth_right': 'mouth_left', 'nose': 'nose'}
    for name, opposite in expected.items():
        assert names[POSE_NAMES.index(name)] == opposite


@given(points)
@pytest.mark.parametrize('twice', [mirror, flip_view])
def test_twice_is_once_not_at_all(twice, points):
    before = points.copy()
    np.testing.assert_allclose(twice(twice(points)), points, atol=1e-6)
    np.testing.assert_array_equal(points, before)


@given(points)
def test_mirror_changes_hands_and_flip_does_not(points):
    np.testing.assert_array_equal(mirror(points)[LEFT_HAND], flip_view(points)[RIGHT_HAND])
    np.testing.assert_array_equal(flip_view(points)[..., 1:], points[..., 1:])


@pytest.mark.parametrize(
    ('points', 'size_px', 'named'),
    [
        (np.zeros((74, 3), np.float32), (640, 480), '(74, 3)'),
        (np.zeros((75, 3), np.float64), (640, 480), 'float64'),
        (empty_points(), (0, 480), '(0, 480)'),
    ],
)
def test_a_wrong_frame_is_refused_with_its_value(points, size_px, named):
    with pytest.raises(ValueError, match=named.replace('(', r'\(').replace(')', r'\)')):
        LandmarkFrame(0, size_px, points)


def test_selfie_view_flips_only_what_is_not_one():
    points = np.full((75, 3), 0.25, np.float32)
    seen_plainly = LandmarkFrame(1, (640, 480), points, mirrored=False)
    assert seen_plainly.selfie_view().points[0, 0] == 0.75
    assert seen_plainly.selfie_view().mirrored
    assert seen_plainly.selfie_view().selfie_view().points[0, 0] == 0.75


def test_hands_seen_counts_hands_not_bodies():
    points = empty_points()
    assert LandmarkFrame(0, (1, 1), points.copy()).hands_seen == 0
    points[50] = 0.5
    assert LandmarkFrame(0, (1, 1), points.copy()).hands_seen == 0
    points[RIGHT_HAND] = 0.5
    assert LandmarkFrame(0, (1, 1), points.copy()).hands_seen == 1
    points[3] = 0.5
    assert LandmarkFrame(0, (1, 1), points.copy()).hands_seen == 2
