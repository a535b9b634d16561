"""A label that a second network does not name gives way to `none`, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras
from hypothesis import given
from hypothesis import strategies as st

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.landmarks import RIGHT_HAND
from sign_recognition.model_contract import ModelContract
from sign_recognition.sequence import clip_window
from sign_recognition.training.architectures import bilstm, conv_attention
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.export import export
from sign_recognition.training.second_opinion import Agreed, SecondOpinion, consult

LABELS = ('Grab', 'Swipe Left', 'Swipe Right', 'none')
ASKED_LABELS = ('Swipe Right', 'Swipe Left', 'none')
FRAMES, ASKED_FRAMES = 16, 6
ASKED = ('Swipe Left', 'Swipe Right')
CLIPS = ClipConfig('lines', 'bilstm', window_frames=ASKED_FRAMES, held_out_signers=('1',))
ENTRY = {'config': 'opinion.yaml', 'labels': ['Grab'], 'needed': 0.3}
OPINION = SecondOpinion(CLIPS, ASKED, 0.4)

agreed = Agreed([0.0, 1.0, 1.0, 0.0], 3, OPINION.needed)
shares = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(
    lambda each: (np.array([each]) / np.sum(each)).astype(np.float32)
)


@given(told=shares, other=shares)
def test_odds_against_none_fall_as_far_as_the_other_disagrees(
    told: np.ndarray, other: np.ndarray
) -> None:
    after = np.asarray(agreed(told, other))
    assert after.sum() == pytest.approx(1, abs=1e-5)
    assert after[0, 0] == pytest.approx(told[0, 0], abs=1e-6), 'nobody was asked about Grab'
    for place in (1, 2):
        factor = min(1.0, other[0, place] / OPINION.needed)
        odds_before, odds_after = told[0, place] / told[0, 3], after[0, place] / after[0, 3]
        assert odds_after == pytest.approx(odds_before * factor, rel=1e-3)


def test_who_agrees_changes_nothing() -> None:
    told = np.array([[0.1, 0.6, 0.1, 0.2]], np.float32)
    other = np.array([[0.0, 0.4, 0.6, 0.0]], np.float32)
    np.testing.assert_allclose(agreed(told, other), told, atol=1e-6)


@pytest.fixture
def parts() -> tuple[keras.Model, keras.Model, keras.Model]:
    """A model of streams, one of clips, and the first after it asked the second; untrained."""
    keras.utils.set_random_seed(3)
    model = conv_attention.build(FRAMES, len(LABELS), width=8, blocks=1, heads=2)
    asked = bilstm.build(ASKED_FRAMES, len(ASKED_LABELS), units=(4, 4))
    return model, asked, consult(model, LABELS, asked, ASKED_LABELS, OPINION)


@pytest.fixture
def windows() -> np.ndarray:
    """(2, FRAMES, 75, 3): a hand, and one that came when the newest frames began."""
    points = np.full((2, FRAMES, 75, 3), np.nan, np.float32)
    points[:, :, RIGHT_HAND] = np.random.default_rng(4).normal(0.5, 0.1, (2, FRAMES, 21, 3))
    points[1, :-ASKED_FRAMES] = np.nan
    return points


def test_the_other_sees_the_newest_frames_and_its_labels_are_found_by_name(
    parts: tuple[keras.Model, keras.Model, keras.Model], windows: np.ndarray
) -> None:
    model, asked, both = parts
    told = model.predict(windows, verbose=0)['probabilities']
    right, left, _ = asked.predict(windows[:, -ASKED_FRAMES:], verbose=0)['probabilities'].T
    other = np.stack([np.zeros(2), left, right, np.zeros(2)], axis=1).astype(np.float32)
    after = both.predict(windows, verbose=0)
    np.testing.assert_allclose(after['probabilities'], agreed(told, other), atol=1e-5)
    assert np.abs(after['probabilities'] - told).max() > 0.01
    assert after['embedding'].shape == (2, model.output['embedding'].shape[-1])


def test_what_it_sees_is_stretched_as_clips_are(
    parts: tuple[keras.Model, keras.Model, keras.Model], windows: np.ndarray
) -> None:
    model, asked, _ = parts
    shown = 10
    both = consult(model, LABELS, asked, ASKED_LABELS, replace(OPINION, frames=shown))
    clips = [
        clip_window(each[-shown:], np.arange(shown) / 20, 'resample', ASKED_FRAMES, 20.0)
        for each in windows
    ]
    told = model.predict(windows, verbose=0)['probabilities']
    right, left, _ = asked.predict(np.array(clips), verbose=0)['probabilities'].T
    other = np.stack([np.zeros(2), left, right, np.zeros(2)], axis=1).astype(np.float32)
    after = both.predict(windows, verbose=0)['probabilities']
    np.testing.assert_allclose(after, agreed(told, other), atol=1e-5)


@pytest.mark.parametrize('shown', [None, 10])
def test_it_goes_into_the_file(
    shown: int | None,
    parts: tuple[keras.Model, keras.Model, keras.Model],
    windows: np.ndarray,
    tmp_path: Path,
) -> None:
    model, asked, _ = parts
    both = consult(model, LABELS, asked, ASKED_LABELS, replace(OPINION, frames=shown))
    contract = ModelContract('x', LABELS, 20.0, FRAMES, 'conv_attention', 'none', '2000-01-01')
    export(both, contract, tmp_path / 'model.onnx')
    classifier = OnnxClassifier(tmp_path / 'model.onnx')
    wanted = both.predict(windows, verbose=0)['probabilities']
    np.testing.assert_allclose([classifier(each) for each in windows], wanted, atol=1e-4)


def test_a_label_without_clips_is_refused(
    parts: tuple[keras.Model, keras.Model, keras.Model],
) -> None:
    with pytest.raises(ValueError, match='labels: Swipe Left has no clip'):
        consult(parts[0], LABELS, parts[1], ('Swipe Right', 'Grab', 'none'), OPINION)


def test_it_never_learns_from_whom_the_streams_hold_out() -> None:
    assert OPINION.without(('4', '9')).held_out_signers == ('4', '9')


@pytest.mark.parametrize(
    ('entry', 'named'),
    [
        ('opinion.yaml', 'allowed are config, labels, needed'),
        ({'config': 'opinion.yaml', 'labels': ['Grab']}, 'allowed are config, labels, needed'),
        ({'config': 'opinion.yaml', 'labels': ['Grab'], 'needed': 0}, 'needed: 0, allowed'),
        ({'config': 'opinion.yaml', 'labels': 'Grab', 'needed': 0.3}, "labels: 'Grab', allowed is"),
        ({'config': 'opinion.yaml', 'labels': ['Tap'], 'needed': 0.3}, "labels: 'Tap', allowed"),
        ({'config': 'gone.yaml', 'labels': ['Grab'], 'needed': 0.3}, 'gone.yaml'),
        ({'config': 'opinion.yaml', 'labels': ['none'], 'needed': 0.3}, "labels: 'none', allowed"),
        ({'config': 'metres.yaml', 'labels': ['Grab'], 'needed': 0.3}, 'allowed is view: camera'),
        ({'config': 'long.yaml', 'labels': ['Grab'], 'needed': 0.3}, 'window_frames 40, allowed'),
        ({**ENTRY, 'frames': 0}, 'frames: 0, allowed'),
        ({**ENTRY, 'frames': 17}, 'frames: 17, allowed are 16'),
        ({**ENTRY, 'seconds': 1}, 'allowed are config, labels, needed, and frames'),
    ],
)
def test_what_cannot_be_asked_is_named(entry: Any, named: str, tmp_path: Path) -> None:
    text = 'recipe: clips\nname: x\narch: bilstm\n'
    (tmp_path / 'opinion.yaml').write_text(f'{text}view: camera\nwindow_frames: 6')
    (tmp_path / 'long.yaml').write_text(f'{text}view: camera\nwindow_frames: 40')
    (tmp_path / 'metres.yaml').write_text(f'{text}window_frames: 6')
    with pytest.raises(ValueError, match=named):
        SecondOpinion.read(entry, tmp_path).check(LABELS, FRAMES)
