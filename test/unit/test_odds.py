"""What odds make of probabilities, and which are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras

from sign_recognition.training import architectures
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import ClipSet
from sign_recognition.training.clip_run import build_model
from sign_recognition.training.odds import check_odds, weigh
from sign_recognition.training.settings import ConfigError

LABELS = ('Tap', 'Shake', 'none')
FRAMES = 8
KINDS_OF_TWO = {
    'fine_per_class': 2,
    'members': [{'arch': 'lstm', 'options': {'units': [4]}}, {'arch': 'hierarchical_cnn'}],
}


def test_a_label_becomes_more_probable_at_the_others_cost(small_model: keras.Model) -> None:
    windows = np.random.default_rng(3).normal(0.5, 0.1, (4, FRAMES, 75, 3)).astype(np.float32)
    before, after = (
        each.predict(windows, verbose=0)
        for each in (small_model, weigh(small_model, LABELS, {'Tap': 3.0, 'none': 0.5}))
    )
    expected = before['probabilities'] * [3, 1, 0.5]
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(after['probabilities'], expected, rtol=1e-5)
    np.testing.assert_array_equal(after['embedding'], before['embedding'])


def test_without_odds_the_model_stays_as_it_is(small_model: keras.Model) -> None:
    assert weigh(small_model, LABELS, {}) is small_model


@pytest.mark.parametrize(
    ('odds', 'named'),
    [
        ({'Swipe': 2}, 'Swipe: 2'),
        ({'Tap': 0}, 'Tap: 0'),
        ({'Tap': float('nan')}, 'Tap: nan'),
        ({'Tap': float('inf')}, 'Tap: inf'),
        ({'Tap': 'often'}, 'Tap: often'),
        (['Tap'], r"\['Tap'\]"),
        (2, '2'),
    ],
)
def test_what_is_no_factor_of_a_label_is_named(odds: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f'odds: {named}, allowed'):
        check_odds(odds, LABELS)


def test_a_model_of_finer_labels_has_none() -> None:
    model = architectures.find('ensemble').build(FRAMES, len(LABELS), **KINDS_OF_TWO)
    with pytest.raises(ValueError, match='allowed are none for a model of finer labels'):
        weigh(model, LABELS, {'Tap': 2})


def test_a_training_on_clips_refuses_odds_before_it_begins() -> None:
    windows = np.zeros((3, FRAMES, 75, 3), np.float32)
    clips = ClipSet(windows, LABELS, LABELS, ('ann',) * 3, ('',) * 3, 'image')
    config = ClipConfig('test', 'lstm', {'units': [4]}, window_frames=FRAMES, odds={'none': 0.25})
    assert build_model(config, clips).output['probabilities'].shape[-1] == len(LABELS)
    with pytest.raises(ConfigError, match='odds: Swipe: 2, allowed are labels'):
        build_model(replace(config, odds={'Swipe': 2}), clips)


@pytest.fixture(scope='module')
def small_model() -> keras.Model:
    return architectures.find('lstm').build(FRAMES, len(LABELS), units=[4])
