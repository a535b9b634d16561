"""What a second look at twice the time adds to a model, and which looks are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras
from support import contract

from sign_recognition.landmarks import Points
from sign_recognition.training import architectures
from sign_recognition.training.export import PARITY_LIMIT, export, export_tflite
from sign_recognition.training.slow_look import SlowLook, look_twice

LABELS = ('Tap', 'Shake', 'none')
FRAMES = 8


@pytest.fixture
def model() -> keras.Model:
    keras.utils.set_random_seed(7)
    members = [{'arch': 'lstm', 'options': {'units': [4]}}, {'arch': 'lstm'}]
    return architectures.find('ensemble').build(FRAMES, len(LABELS), members)


@pytest.fixture
def window() -> Points:
    return np.random.default_rng(3).normal(0.5, 0.1, (1, 2 * FRAMES, 75, 3)).astype(np.float32)


def told(model: keras.Model, window: Points, name: str = 'probabilities') -> Any:
    return np.array(model(window)[name])[0]


@pytest.mark.parametrize(('member', 'output'), [(None, ''), (1, 'member1_')])
def test_it_speaks_for_its_labels_as_if_they_were_done_at_twice_the_speed(
    member: int | None, output: str, model: keras.Model, window: Points
) -> None:
    twice = look_twice(model, LABELS, SlowLook(['Shake'], 0.4, member))
    usual = told(model, window[:, FRAMES:])
    unsure = 1 - usual[:2].max()
    vote = 0.4 * unsure * told(model, window[:, 1::2], f'{output}probabilities')[1]
    assert told(twice, window) == pytest.approx(usual * (1 - vote) + (0, vote, 0), abs=1e-6)


def test_the_rest_is_the_first_looks(model: keras.Model, window: Points) -> None:
    twice = look_twice(model, LABELS, SlowLook(['Shake'], 0.4))
    assert told(twice, window, 'embedding') == pytest.approx(
        told(model, window[:, FRAMES:], 'embedding'), abs=1e-6
    )


def test_it_reaches_the_file(model: keras.Model, tmp_path: Path) -> None:
    twice = look_twice(model, LABELS, SlowLook(['Shake'], 0.4, 0))
    facts = contract(labels=LABELS, window_frames=2 * FRAMES)
    assert export(twice, facts, tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(twice, facts, tmp_path / 'model.tflite') <= PARITY_LIMIT


@pytest.mark.parametrize(
    ('given', 'named'),
    [
        ({'labels': ['Shake'], 'share': 1.0}, 'share: 1.0, allowed is above 0 and below 1'),
        ({'labels': 'Shake', 'share': 0.5}, "labels: 'Shake', allowed are one or more"),
        ({'labels': [], 'share': 0.5}, r'labels: \[\], allowed are one or more'),
        ({'labels': ['Wave'], 'share': 0.5}, r"labels: \['Wave'\], allowed are \('Tap'"),
        ({'labels': ['none'], 'share': 0.5}, r"labels: \['none'\], allowed are \('Tap', 'Shake'\)"),
        ({'labels': ['Tap'], 'share': 0.5, 'member': 2}, 'slow_look: member: 2, the model has'),
    ],
)
def test_what_no_model_can_look_at_is_named(
    given: dict[str, Any], named: str, model: keras.Model
) -> None:
    with pytest.raises(ValueError, match=named):
        look_twice(model, LABELS, SlowLook(**given))
