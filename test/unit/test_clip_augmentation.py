"""What each augmentation step promises, whatever the clips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

from hypothesis import given, settings
from hypothesis import strategies as st

from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND, Points
from sign_recognition.landmarks import mirror as mirror_twin
from sign_recognition.training import clip_augmentation
from sign_recognition.training.clip_augmentation import (
    IMAGE_STEPS,
    LANDMARK_STEPS,
    AugmentationError,
)

KEEP_WHAT_IS_SEEN = (
    'mirror', 'rotate', 'shift', 'scale', 'noise', 'reach', 'sway', 'virtual_camera', 'tracker',
)  # fmt: skip
LOSE_SOME = ('drop_frames', 'drop_hand', 'speed')
few = settings(max_examples=8)


def clips(seed: int, count: int = 4, frames: int = 10) -> Points:
    """(B, T, 75, 3) metres or widths: hands that come and go before a body."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0.5, 0.1, (count, frames, 75, 3)).astype(np.float32)
    points[rng.random((count, frames)) < 0.2, LEFT_HAND] = np.nan
    points[rng.random((count, frames)) < 0.2, RIGHT_HAND] = np.nan
    points[0, 3] = np.nan
    return points


def apply(name: str, batch: Any, seed: int = 1, **options: Any) -> Any:
    images = batch.dtype == np.uint8
    step = clip_augmentation.chain([{name: options}], ['Grab', 'Tap'], 'image', images)
    return np.array(step(batch, (seed, 5)))


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(sorted(LANDMARK_STEPS)))
def test_shape_and_seed_are_kept(seed: int, name: str) -> None:
    points = clips(seed)
    once, again = apply(name, points, seed), apply(name, points, seed)
    assert (once.shape, once.dtype) == (points.shape, points.dtype)
    np.testing.assert_array_equal(once, again)
    assert not np.isinf(once).any()


@pytest.mark.parametrize('name', sorted(LANDMARK_STEPS))
def test_another_seed_gives_another_batch(name: str) -> None:
    points = clips(3, count=16)
    points[:, 0] = np.nan
    strong = {'share': 0.5} if name in ('drop_frames', 'drop_hand') else {}
    results = [apply(name, points, seed, **strong) for seed in (1, 2)]
    assert not np.array_equal(*results, equal_nan=True)


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(KEEP_WHAT_IS_SEEN))
def test_what_is_seen_stays_seen(seed: int, name: str) -> None:
    points = clips(seed)
    changed = apply(name, points, seed)
    if name == 'mirror':
        same = [
            np.array_equal(np.isnan(new), np.isnan(old))
            or np.array_equal(np.isnan(new), np.isnan(mirror_twin(old)))
            for new, old in zip(changed, points, strict=True)
        ]
        assert all(same)
    else:
        np.testing.assert_array_equal(np.isnan(changed), np.isnan(points))


@few
@given(seed=st.integers(0, 10_000), name=st.sampled_from(LOSE_SOME[:2]))
def test_what_is_dropped_is_missing_and_the_rest_unchanged(seed: int, name: str) -> None:
    points = clips(seed, count=8)
    changed = apply(name, points, seed, share=0.9)
    kept = np.isfinite(changed)
    np.testing.assert_array_equal(changed[kept], points[kept])
    assert kept.sum() < np.isfinite(points).sum()


def test_mirror_twice_is_the_same_and_once_the_twin_of_the_layout() -> None:
    points = clips(2)
    twin = apply('mirror', points, share=1.0)
    np.testing.assert_allclose(twin, mirror_twin(points), atol=1e-6)
    np.testing.assert_allclose(apply('mirror', twin, share=1.0), points, atol=1e-6)


@few
@given(seed=st.integers(0, 10_000))
def test_a_turned_clip_keeps_its_lengths(seed: int) -> None:
    points = clips(seed)
    turned = apply('rotate', points, seed, tilt_degrees=30)
    before, after = (
        np.linalg.norm(each[:, :, 3] - each[:, :, 8], axis=-1) for each in (points, turned)
    )
    np.testing.assert_allclose(after, before, atol=1e-5)


def steady(frames: int = 11) -> Points:
    """(8, T, 75, 3) whose every coordinate is the number of the frame."""
    place = np.arange(frames, dtype=np.float32)[:, None, None]
    return np.broadcast_to(place, (8, frames, 75, 3)).copy()


def test_a_faster_clip_ends_as_before_and_begins_late() -> None:
    faster = apply('speed', steady(), low=2.0, high=2.0)[:, :, 0, 0]
    expected = [np.nan] * 5 + [0, 2, 4, 6, 8, 10]
    np.testing.assert_allclose(faster, np.tile(expected, (8, 1)), atol=1e-5)
    slower = apply('speed', steady(), low=0.5, high=0.5)[:, :, 0, 0]
    np.testing.assert_allclose(slower, np.tile(np.linspace(5, 10, 11), (8, 1)), atol=1e-5)


def test_a_warped_clip_goes_on_and_loses_its_ends_at_most() -> None:
    places = apply('warp', steady(), crop=0.2, whole=0.0)[:, :, 0, 0]
    assert (np.diff(places, axis=1) > 0).all()
    assert (places[:, 0] <= 2 + 1e-4).all() and (places[:, -1] >= 8 - 1e-4).all()
    assert np.ptp(places[:, 0]) > 0.2 and np.ptp(np.diff(places[0])) > 0.02
    whole = apply('warp', steady(), crop=0.2, whole=1.0)[:, :, 0, 0]
    np.testing.assert_allclose(whole[:, [0, -1]], np.tile([0, 10], (8, 1)), atol=1e-4)


def test_a_wider_reach_keeps_the_hand() -> None:
    points = clips(4)
    wider = apply('reach', points, low=1.5, high=1.5)
    for hand in (LEFT_HAND, RIGHT_HAND):
        shape, wide_shape = (
            each[:, :, hand] - each[:, :, hand][:, :, :1] for each in (points, wider)
        )
        np.testing.assert_allclose(wide_shape, shape, atol=1e-5)
        spread, wide_spread = (
            np.nanstd(each[:, :, hand][:, :, [0, 5, 9, 13, 17]].mean(axis=2), axis=1)
            for each in (points, wider)
        )
        np.testing.assert_allclose(wide_spread, 1.5 * spread, rtol=1e-3)


def test_sway_is_slow_and_small() -> None:
    points = steady(160)
    moved = apply('sway', points, sigma=0.003, fingers=0.0) - points
    assert 0 < np.abs(moved[:, :, RIGHT_HAND]).max() < 0.03
    np.testing.assert_array_equal(moved[:, :, RIGHT_HAND.stop :], 0)
    assert np.abs(np.diff(moved, axis=1)).max() < 0.4 * np.abs(moved).max()


def test_a_cropped_clip_is_a_part_of_it_stretched() -> None:
    places = apply('crop', steady(), least=0.5)[:, :, 0, 0]
    lengths = places[:, -1] - places[:, 0]
    assert (lengths >= 5 - 1e-4).all() and (lengths <= 10).all() and np.ptp(lengths) > 0.5
    np.testing.assert_allclose(np.diff(places), np.tile(lengths[:, None] / 10, 10), atol=1e-4)


def test_what_was_before_a_clip_stands_still() -> None:
    points = clips(2)
    points[1:3, :3] = np.nan
    stood = apply('stand_before', points, share=1.0)
    for frame in range(3):
        np.testing.assert_array_equal(stood[1:3, frame], points[1:3, 3])
    np.testing.assert_array_equal(stood[:, 3:], points[:, 3:])
    np.testing.assert_array_equal(stood[[0, 3]], points[[0, 3]])


def test_other_hands_stay_on_their_wrists_and_leave_the_body() -> None:
    points = clips(5)
    varied = apply('vary_hands', points, degrees=30.0, size=0.3, place=0.0, shape=0.0)
    np.testing.assert_allclose(varied[:, :, [0, 21]], points[:, :, [0, 21]], atol=1e-6)
    np.testing.assert_array_equal(varied[:, :, 42:], points[:, :, 42:])
    lengths = [
        np.linalg.norm(p[:, :, 21:42, :2] - p[:, :, 21:22, :2], axis=-1) for p in (points, varied)
    ]
    ratio = lengths[1][..., 1:] / lengths[0][..., 1:]
    assert np.nanmax(np.nanmax(ratio, axis=(1, 2)) - np.nanmin(ratio, axis=(1, 2))) < 1e-3


def test_a_lost_frame_does_not_spread_through_time() -> None:
    points = steady()
    points[:, 4] = np.nan
    read = apply('crop', points, least=0.9)[:, :, 0, 0]
    assert (np.isnan(read).sum(axis=1) <= 2).all()


def test_the_camera_sees_a_hand_whose_wrist_has_no_depth() -> None:
    points = clips(4) * 0.2
    seen = apply('virtual_camera', points)
    wrists = seen[:, :, (0, 21), 2]
    assert np.nanmax(np.abs(wrists)) == 0
    assert 0 < np.nanmedian(seen[..., 0]) < 1


def test_a_tracker_guesses_depth_and_errs_by_shares_of_the_palm() -> None:
    points = np.tile(clips(4, count=64)[:, :1], (1, 10, 1, 1))
    points[:, :, LEFT_HAND] = np.nan
    hand = points[:, :, RIGHT_HAND]
    palm = np.linalg.norm(hand[:, 0, 9, :2] - hand[:, 0, 0, :2], axis=-1)[:, None, None, None]
    error = (apply('tracker', points, least=0.02, most=0.02)[:, :, RIGHT_HAND] - hand) / palm
    assert 0.03 < np.nanstd(error[..., :2]) < 0.1
    assert np.nanstd(np.diff(error[..., :2], axis=1)) < 0.06, 'most of it lasts'
    assert np.nanstd(error[..., 2]) > 3 * np.nanstd(error[..., :2])
    exact = apply('tracker', points, least=0, most=0)
    np.testing.assert_array_equal(exact[..., :2], points[..., :2])
    np.testing.assert_array_equal(exact[:, :, POSE], points[:, :, POSE])


@pytest.mark.parametrize('name', sorted(IMAGE_STEPS))
def test_images_stay_images(name: str) -> None:
    images = np.random.default_rng(1).integers(0, 256, (6, 3, 8, 10, 3), np.uint8)
    changed = apply(name, images)
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert not np.array_equal(changed, images)
    np.testing.assert_array_equal(changed, apply(name, images))


def test_flipped_twice_is_the_same() -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 3, 4, 5, 3), np.uint8)
    flipped = apply('flip', images, share=1.0)
    np.testing.assert_array_equal(flipped, images[:, :, :, ::-1])


@pytest.mark.parametrize(
    ('steps', 'labels', 'named'),
    [
        (
            [{'mirror': None}],
            ['Swipe Left', 'Grab'],
            'mirror would make other signs of Swipe Left;',
        ),
        ([{'mirror': None}], ['Rotation CW'], 'other signs of Rotation CW'),
        ([{'mirror': {'directed': ['wind']}}], ['wind', 'bright'], 'other signs of wind;'),
        ([{'rotat': None}], [], "'rotat', known are mirror, rotate"),
        ([{'rotate': {'degree': 3}}], [], r"rotate has no \['degree'\], allowed are \['degrees'"),
        (['rotate'], [], "'rotate', allowed is one name with its options"),
    ],
)
def test_steps_that_cannot_be_followed(steps: Any, labels: list[str], named: str) -> None:
    with pytest.raises(AugmentationError, match=named):
        clip_augmentation.chain(steps, labels, 'image')


@pytest.mark.parametrize(
    ('label', 'expected'),
    [
        *((each, True) for each in ('swipe_left', 'SwipeLeft', 'turn_cw', 'left2', 'turnCCW')),
        *((each, True) for each in ('LEFT', '2-right', 'CWTurn', 'counter-clockwise', 'leftwards')),
        *((each, False) for each in ('bright', 'Bright_light', 'cleft', 'copyright', 'Swipe V')),
    ],
)
def test_a_direction_is_a_word_however_words_are_joined(label: str, expected: bool) -> None:
    assert clip_augmentation.has_direction(label) is expected


def test_images_refuse_directions_and_steps_of_landmarks() -> None:
    with pytest.raises(AugmentationError, match='flip would make other signs of turn right'):
        clip_augmentation.chain([{'flip': None}], ['turn right'], 'image', images=True)
    with pytest.raises(AugmentationError, match="'mirror', known are crop, contrast"):
        clip_augmentation.chain([{'mirror': None}], [], 'image', images=True)
