"""The models that come with the package: small, with a card, and as their contract says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import POSE, RIGHT_HAND, mirror
from sign_recognition.vocabulary import GESTURES, MIRRORED

MODELS = Path(__file__).resolve().parents[2] / 'resource' / 'models'
MOST_BYTES = 8_000_000


@pytest.mark.parametrize('path', sorted(MODELS.glob('*.onnx')), ids=lambda path: path.stem)
def test_a_shipped_model_is_small_and_has_its_card(path: Path) -> None:
    classifier = OnnxClassifier(path)
    assert classifier.contract.name == path.stem
    assert path.stat().st_size <= MOST_BYTES
    card = path.with_suffix('.md').read_text(encoding='utf-8')
    assert card.startswith(f'# {path.stem}\n')
    empty = np.full(classifier.contract.window_shape, np.nan, np.float32)
    assert classifier(empty).sum() == pytest.approx(1, abs=1e-4)


def test_the_world_model_tells_14_labels_and_28_kinds() -> None:
    classifier = OnnxClassifier(MODELS / 'shrec17_world.onnx')
    contract = classifier.contract
    assert (contract.space, contract.clip_fit) == ('world', 'resample')
    assert {*contract.labels} == {*GESTURES, NONE_LABEL}
    assert len(contract.fine_labels) == 2 * len(GESTURES)
    window = np.full(contract.window_shape, np.nan, np.float32)
    window[:, RIGHT_HAND] = np.random.default_rng(0).normal(0, 0.05, (len(window), 21, 3))
    told, kinds = classifier(window), classifier.fine(window)
    for label, probability in zip(contract.labels, told, strict=True):
        own = [kind.startswith(f'{label}, ') for kind in contract.fine_labels]
        assert kinds[own].sum() == pytest.approx(probability, abs=1e-5), label
    assert told[contract.labels.index(NONE_LABEL)] == 0, 'a clip holds a gesture'


def test_the_camera_model_reads_a_left_hand_as_its_mirror_twin() -> None:
    classifier = OnnxClassifier(MODELS / 'shrec17_camera.onnx')
    contract = classifier.contract
    assert (contract.clip_fit, contract.space, contract.solution) == ('resample', 'image', 'hands')
    window = np.full(contract.window_shape, np.nan, np.float32)
    rng = np.random.default_rng(0)
    hand = rng.normal((0.5, 0.5, 0), 0.05, (21, 3))
    window[:, RIGHT_HAND] = hand + np.linspace(0, 0.3, len(window))[:, None, None] * (1, 0, 0)
    window[3, RIGHT_HAND] = np.nan
    told, twin = classifier(window), classifier(mirror(window))
    names = [MIRRORED.get(label, label) for label in contract.labels]
    exchanged = [contract.labels.index(name) for name in names]
    np.testing.assert_allclose(twin, told[exchanged], atol=1e-5)
    assert contract.labels[int(told.argmax())] == 'Swipe Right'


def test_the_sign_model_answers_mirror_twins_alike_and_nothing_seen_with_none() -> None:
    classifier = OnnxClassifier(MODELS / 'asl8_signs.onnx')
    contract = classifier.contract
    assert (contract.clip_fit, contract.space, contract.solution) == ('newest', 'image', 'holistic')
    rng = np.random.default_rng(0)
    window = np.full(contract.window_shape, np.nan, np.float32)
    window[:, POSE] = rng.normal((0.5, 0.6, 0), 0.15, (33, 3))
    window[:, RIGHT_HAND] = rng.normal((0.6, 0.5, 0), 0.05, (21, 3))
    told, twin = classifier(window), classifier(mirror(window))
    np.testing.assert_allclose(told, twin, atol=1e-5)
    nothing = classifier(np.full(contract.window_shape, np.nan, np.float32))
    assert contract.labels[int(nothing.argmax())] == NONE_LABEL
    assert np.abs(told - nothing).max() > 0.01, 'what is seen matters'
