"""A left hand gets the answer of its mirror twin, with left and right exchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND, mirror
from sign_recognition.model_contract import ModelContract
from sign_recognition.training.architectures import ensemble
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import ClipSet
from sign_recognition.training.clip_run import build_model
from sign_recognition.training.either_hand import mirrored_places, read_either_hand
from sign_recognition.training.export import export, export_tflite
from sign_recognition.training.settings import ConfigError

LABELS = ('Grab', 'Swipe Left', 'Swipe Right', 'none')
FINE_LABELS = tuple(f'{label}, {n}' for label in LABELS[:-1] for n in ('finger', 'hand'))
EXCHANGED = {'Swipe Left': 'Swipe Right'}
FRAMES = 6


@pytest.fixture
def model() -> keras.Model:
    """Of right hands, untrained."""
    keras.utils.set_random_seed(1)
    members = [
        {'arch': 'lstm', 'options': {'units': [4]}},
        {'arch': 'hierarchical_cnn', 'options': {'widths': [4], 'dense': 4}},
    ]
    return ensemble.build(FRAMES, len(LABELS), members, fine_per_class=2)


@pytest.fixture
def windows() -> np.ndarray:
    """(3, FRAMES, 75, 3) image widths, right hands."""
    points = np.full((3, FRAMES, 75, 3), np.nan, np.float32)
    points[:, :, RIGHT_HAND] = np.random.default_rng(2).normal(0.5, 0.1, (3, FRAMES, 21, 3))
    return points


def test_a_left_hand_is_its_twin(model: keras.Model, windows: np.ndarray) -> None:
    either = read_either_hand(model, LABELS, FINE_LABELS, EXCHANGED)
    twins = np.array([[mirror(frame) for frame in window] for window in windows])
    before, right, left = (
        each.predict(given, verbose=0)
        for each, given in ((model, windows), (either, windows), (either, twins))
    )
    for name in ('probabilities', 'fine_probabilities', 'embedding'):
        np.testing.assert_allclose(right[name], before[name], atol=1e-6)
    assert np.ptp(before['probabilities'][:, 1] - before['probabilities'][:, 2]) > 1e-4
    places = {'probabilities': [0, 2, 1, 3], 'fine_probabilities': [0, 1, 4, 5, 2, 3]}
    for name, order in places.items():
        np.testing.assert_allclose(left[name], before[name][:, order], atol=1e-5)


def test_the_onnx_file_tells_the_same(
    model: keras.Model, windows: np.ndarray, tmp_path: Path
) -> None:
    either = read_either_hand(model, LABELS, FINE_LABELS, EXCHANGED)
    contract = ModelContract(
        'x', LABELS, 10.0, FRAMES, 'ensemble', 'none', '2000-01-01', fine_labels=FINE_LABELS
    )
    assert export(either, contract, tmp_path / 'model.onnx') < 1e-4
    assert export_tflite(either, contract, tmp_path / 'model.tflite') < 1e-4
    classifier = OnnxClassifier(tmp_path / 'model.onnx')
    gap = windows[0].copy()
    gap[2] = np.nan
    for window in (gap, mirror(gap)):
        expected = either.predict(window[None], verbose=0)['probabilities'][0]
        np.testing.assert_allclose(classifier(window), expected, atol=1e-5)


def test_the_hand_that_is_seen_longer_is_read(model: keras.Model, windows: np.ndarray) -> None:
    either = read_either_hand(model, LABELS, FINE_LABELS, EXCHANGED)
    both = windows.copy()
    both[:, 0, LEFT_HAND] = 0.4
    expected = model.predict(both, verbose=0)['probabilities']
    told = either.predict(both, verbose=0)['probabilities']
    np.testing.assert_allclose(told, expected, atol=1e-6)


def test_without_exchanged_labels_the_model_stays(model: keras.Model) -> None:
    assert read_either_hand(model, LABELS, FINE_LABELS, {}) is model
    with pytest.raises(ValueError, match='left_hand: Swipe, allowed are labels'):
        mirrored_places(LABELS, {'Swipe Left': 'Swipe'})


def test_what_a_left_hand_cannot_exchange_is_refused_before_training() -> None:
    windows = np.zeros((3, FRAMES, 75, 3), np.float32)
    clips = ClipSet(windows, LABELS[:3], LABELS[:3], ('a', 'b', 'c'), ('',) * 3, 'image')
    config = ClipConfig('x', 'hierarchical_cnn', {'widths': (4,)}, window_frames=FRAMES)
    build_model(replace(config, left_hand=EXCHANGED), clips)
    for left_hand, named in (
        ({'Rotation CW': 'Grab'}, 'left_hand: Rotation CW, allowed are labels'),
        (['Swipe Left', 'Swipe Right'], 'left_hand: .*allowed is a mapping'),
    ):
        with pytest.raises(ConfigError, match=named):
            build_model(replace(config, left_hand=left_hand), clips)
