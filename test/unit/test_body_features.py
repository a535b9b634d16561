"""The features of the whole body, and the model that reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

from sign_recognition.landmarks import POSE, POSE_NAMES, RIGHT_HAND, Points, mirror
from sign_recognition.training import architectures
from sign_recognition.training.body_features import BodyFeatures

FRAMES = 8


def person(seed: int = 0) -> Points:
    """(1, T, 75, 3): shoulders, head and arms before a webcam, the right hand up and moving."""
    rng = np.random.default_rng(seed)
    window = np.full((FRAMES, 75, 3), np.nan, np.float32)
    window[:, POSE] = rng.normal((0.5, 0.9, 0), 0.05, (33, 3))
    places = {'nose': (0.5, 0.3), 'left_shoulder': (0.35, 0.5), 'right_shoulder': (0.65, 0.5)}
    for name, place in places.items():
        window[:, POSE.start + POSE_NAMES.index(name), :2] = place
    hand = rng.normal((0.7, 0.45, 0), 0.04, (21, 3))
    path = np.linspace(0, 0.1, FRAMES)[:, None, None] * np.array((1, -1, 0))
    window[:, RIGHT_HAND] = hand + path
    return window[None]


def features(window: Points) -> Any:
    return np.array(BodyFeatures()(window))


def test_places_in_the_image_and_its_size_are_no_matter() -> None:
    window = person()
    moved = window * np.float32(1.7) + np.array((0.2, -0.3, 5), np.float32)
    np.testing.assert_allclose(features(moved), features(window), atol=1e-3)


def test_where_the_hand_is_on_the_body_matters() -> None:
    window = person()
    at_the_chin = window.copy()
    at_the_chin[:, :, RIGHT_HAND] += np.array((-0.2, -0.1, 0), np.float32)
    assert np.abs(features(at_the_chin) - features(window)).max() > 0.3


def test_a_hand_that_is_lost_for_a_moment_is_where_it_was_going() -> None:
    window, gap = person(), person()
    gap[:, 4, RIGHT_HAND] = np.nan
    told = np.abs(features(gap) - features(window))
    assert 0 < told.max() <= 1, 'it says that it did not see, and trusts less what it fills in'
    assert np.isfinite(features(np.full_like(window, np.nan))).all()


@pytest.fixture(scope='module')
def model() -> Any:
    model = architectures.find('body_attention').build(FRAMES, 3, width=8, blocks=1, twins=True)
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(0, 0.1, w.shape) ** 2 for w in model.get_weights()])
    return model


def test_the_mirror_twin_is_answered_alike(model: Any) -> None:
    window = np.concatenate([person(seed) for seed in range(3)])
    told, twins = (model.predict(each, verbose=0) for each in (window, mirror(window)))
    assert np.isfinite(told['probabilities']).all()
    assert np.ptp(told['embedding'], axis=0).max() > 0.01, 'the windows are told apart at all'
    for name in ('probabilities', 'embedding'):
        np.testing.assert_allclose(told[name], twins[name], atol=1e-5)
