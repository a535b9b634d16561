"""Every architecture: built, exported three ways that agree, and what each of them promises."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras
from support import LABELS, contract, frame

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND, Points, mirror
from sign_recognition.model_contract import ImageInput, ModelContract
from sign_recognition.recognizer import Recognizer
from sign_recognition.training import architectures
from sign_recognition.training.architectures import hierarchical_cnn, keyframe_mlp
from sign_recognition.training.architectures.keyframe_mlp import PairWithKey
from sign_recognition.training.export import (
    PARITY_LIMIT,
    ExportError,
    export,
    export_tflite,
    probe_windows,
)
from sign_recognition.training.literature_features import (
    BodyCoordinates,
    FrameDifferences,
    HandShapes,
    SpoterCoordinates,
)
from sign_recognition.training.preprocess import joint_distances

FRAMES = 8
IMAGES = ImageInput(16, 20)
SMALL: dict[str, dict[str, Any]] = {
    'bigru': {'units': (6, 6), 'dense': 8},
    'bilstm': {'units': (6, 6), 'dense': 8},
    'body_attention': {'width': 8, 'blocks': 1, 'heads': 2},
    'body_maxima': {'widths': (8, 8), 'dense': 8},
    'conv_attention': {'width': 8, 'blocks': 1, 'heads': 2},
    'conv_maxima': {'widths': (8, 8), 'dense': 8},
    'convlstm': {'filters': (2, 3), 'dense': (8,)},
    'dd_net': {'filters': 4, 'dense': 8},
    'ensemble': {
        'members': [
            {'arch': 'conv_attention', 'options': {'width': 8, 'blocks': 1, 'heads': 2}},
            {'arch': 'hierarchical_cnn', 'options': {'widths': (8, 8), 'dense': 8}},
        ]
    },
    'hierarchical_cnn': {'widths': (8, 8), 'dense': 8, 'super_classes': (0, 0, 1)},
    'keyframe_mlp': {'hidden': 8},
    'lrcn': {'filters': (4, 6), 'pools': (4, 2), 'units': 6},
    'lstm': {'units': (6, 6)},
    'path_and_shape': {'width': 8, 'blocks': 1, 'heads': 2},
    'r2plus1d': {'filters': (4, 6)},
    'spoter': {'width': 12, 'blocks': 1, 'heads': 3, 'hidden': 16},
    'transformer': {'width': 12, 'blocks': 1, 'heads': 3, 'hidden': 16},
}
READ_IMAGES = ('convlstm', 'lrcn', 'r2plus1d')


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def small(name: str, **changes: Any) -> keras.Model:
    """A small model with random weights, also where they begin with zeros and ones."""
    keras.utils.set_random_seed(7)
    options = {**SMALL[name], **changes}
    if name in READ_IMAGES:
        options |= {'height': IMAGES.height, 'width': IMAGES.width}
    model = architectures.find(name).build(FRAMES, len(LABELS), **options)
    rng = np.random.default_rng(7)
    for weight in model.weights:
        if weight.dtype == 'float32':
            weight.assign(weight + rng.uniform(-0.2, 0.2, weight.shape))
    return model


def facts(name: str) -> ModelContract:
    return contract(
        window_frames=FRAMES, architecture=name, images=IMAGES if name in READ_IMAGES else None
    )


@pytest.mark.parametrize('name', architectures.names())
def test_keras_onnx_and_tflite_agree(name: str, tmp_path: Path) -> None:
    model = small(name)
    assert export(model, facts(name), tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(model, facts(name), tmp_path / 'model.tflite') <= PARITY_LIMIT
    assert sorted(each.name for each in tmp_path.iterdir()) == ['model.onnx', 'model.tflite']
    classifier = OnnxClassifier(tmp_path / 'model.onnx')
    assert classifier.contract == facts(name)
    told = np.array([classifier(window) for window in probe_windows(facts(name))])
    assert np.median(told.max(axis=-1)) < 0.99, 'certainty would hide a difference'
    assert np.ptp(told, axis=0).max() > 1e-3, 'all windows are the same to it'
    # What recognition_node does with it.
    recognizer, picture = Recognizer(classifier), np.full((24, 32, 3), 99, np.uint8)
    recognitions = [recognizer.step(frame(0.1 * k, 0.5 + 0.02 * k), picture) for k in range(3)]
    assert recognitions[-1].probabilities.shape == (len(LABELS),)


@pytest.mark.parametrize('name', architectures.names())
def test_it_learns_and_its_checkpoint_is_whole(name: str, tmp_path: Path) -> None:
    model = small(name)
    losses = architectures.find(name).losses(0.05, **SMALL[name])
    model = keras.Model(model.input, {each: model.output[each] for each in losses})
    model.compile(
        'adam',
        {each: loss for each, (loss, _) in losses.items()},
        loss_weights={each: weight for each, (_, weight) in losses.items()},
        run_eagerly=True,  # seconds sooner
    )
    assert sum(weight for _, weight in losses.values()) == pytest.approx(1)
    windows = probe_windows(facts(name))[:4]
    truth = dict.fromkeys(losses, np.eye(len(LABELS), dtype=np.float32)[[0, 1, 2, 0]])
    before = [np.array(each) for each in model.trainable_weights]
    assert np.isfinite(model.fit(windows, truth, verbose=0).history['loss'][0])
    learned = [
        not np.array_equal(old, new)
        for old, new in zip(before, model.trainable_weights, strict=True)
    ]
    assert np.mean(learned) > 0.9
    model.save(tmp_path / 'checkpoint.keras')
    again = keras.models.load_model(tmp_path / 'checkpoint.keras')
    assert np.array_equal(again(windows)['probabilities'], model(windows)['probabilities'])
    assert again.evaluate(windows, truth, verbose=0) == pytest.approx(
        model.evaluate(windows, truth, verbose=0)
    )


@pytest.mark.parametrize('name', architectures.names())
def test_nothing_before_the_features_learns(name: str) -> None:
    front, learner = architectures.split(small(name))
    assert front.weights == [] and learner.weights


def test_an_unknown_architecture_is_named_with_those_that_there_are() -> None:
    with pytest.raises(architectures.ArchitectureError, match="'alexnet', known are bigru, bilstm"):
        architectures.find('alexnet')


def test_every_module_is_called_what_it_says() -> None:
    assert set(SMALL) == set(architectures.names())
    for name in architectures.names():
        assert name == importlib.import_module(f'{architectures.__name__}.{name}').NAME
        assert small(name).name == name


def person(rng: np.random.Generator, frames: int = FRAMES) -> Points:
    """(1, T, 75, 3): somebody who moves a right hand; the left is not seen."""
    rest = rng.normal(0.5, 0.1, (1, 1, 75, 3))
    windows = np.repeat(rest, frames, axis=1) + rng.normal(0, 0.003, (1, frames, 75, 3))
    windows[:, :, RIGHT_HAND] += np.linspace(0, 0.2, frames)[:, None, None] * np.array((1, 0.5, 0))
    windows[:, :, LEFT_HAND] = np.nan
    return np.asarray(windows, np.float32)


FEATURES = [FrameDifferences, BodyCoordinates, HandShapes, SpoterCoordinates]


@pytest.mark.parametrize('features', FEATURES)
class TestFeatures:
    def test_place_does_not_matter(self, features: type, rng: np.random.Generator) -> None:
        windows = person(rng)
        shifted = windows + np.array((0.25, -0.125, 0), np.float32)
        assert np.allclose(features()(shifted), features()(windows), atol=1e-4)

    @pytest.mark.parametrize('with_body', [True, False])
    def test_size_matters_to_differences_alone(
        self, features: type, with_body: bool, rng: np.random.Generator
    ) -> None:
        windows = person(rng)
        if not with_body:
            windows[:, :, POSE] = np.nan
        near = np.allclose(features()(2 * windows), features()(windows), atol=1e-4)
        assert near != (features is FrameDifferences)

    def test_what_is_not_seen_is_zero_and_a_gap_is_bridged(
        self, features: type, rng: np.random.Generator
    ) -> None:
        nothing = np.full((1, FRAMES, 75, 3), np.nan, np.float32)
        assert not np.any(features()(nothing))
        windows = person(rng)
        still = np.repeat(windows[:, :1], FRAMES, axis=1)
        gap = still.copy()
        gap[:, 3:5, RIGHT_HAND] = np.nan
        seen = slice(0, 3) if features is HandShapes else slice(-3, None)
        told, told_gap = np.array(features()(still)), np.array(features()(gap))
        if features is not FrameDifferences:
            assert told[0, 3, seen].tolist() == [0, 1, 1]
            assert told_gap[0, 3, seen].tolist() == [0, 0, 1]
            told[..., seen] = told_gap[..., seen] = 0
        assert np.allclose(told_gap, told, atol=1e-3)

    def test_numbers_are_bounded(self, features: type, rng: np.random.Generator) -> None:
        windows = rng.normal(0, 100, (2, FRAMES, 75, 3)).astype(np.float32)
        told = np.array(features()(windows))
        assert np.isfinite(told).all() and np.abs(told).max() <= 8


def test_a_point_that_comes_into_view_has_not_moved(rng: np.random.Generator) -> None:
    windows = person(rng)
    windows[:, :4, RIGHT_HAND] = np.nan
    windows[:, :6, POSE.start + 15] = np.nan
    told = np.array(FrameDifferences()(windows)).reshape(FRAMES, 75, 3)
    assert not told[:5, RIGHT_HAND].any() and told[5:, RIGHT_HAND].any()
    assert not told[:7, POSE.start + 15].any() and told[7:, POSE.start + 15].any()
    assert np.allclose(
        told[5:, RIGHT_HAND], 25 * np.diff(windows[0, 4:, RIGHT_HAND], axis=0), atol=1e-4
    )


def test_shapes_are_what_they_are_called() -> None:
    hand = np.zeros((1, FRAMES, 75, 3), np.float32)
    hand[:] = np.nan
    flat = np.zeros((21, 3), np.float32)
    for finger in range(5):
        for joint in range(4):
            flat[1 + 4 * finger + joint] = (0.02 * (2 - finger), -0.1 - 0.03 * joint, 0)
    flat[8] = flat[7] + np.array((0, 0, -0.03))
    hand[0, :, RIGHT_HAND] = flat
    told = np.array(HandShapes()(hand))[0, 0]
    right = told[147 + 26 :]
    cosines, normal, velocity, speeds = np.split(right, [15, 18, 21])
    assert cosines[4 - 1 + 2] == pytest.approx(0, abs=1e-3), 'the tip of the index finger is bent'
    assert np.allclose(np.delete(cosines, [0, 3, 5, 6, 9, 12]), 1, atol=1e-3)
    assert np.allclose(normal, (0, 0, 1), atol=1e-3) or np.allclose(normal, (0, 0, -1), atol=1e-3)
    assert not velocity.any() and speeds.max() < 1e-3


class TestKeyframe:
    @pytest.fixture
    def model(self) -> keras.Model:
        return small('keyframe_mlp')

    def test_the_key_frame_has_a_hand_and_is_the_surest(
        self, model: keras.Model, rng: np.random.Generator
    ) -> None:
        windows = person(rng)
        windows[:, 2:6, RIGHT_HAND] = np.nan
        told = model(windows)
        sureness = np.max(told['frame_probabilities'], axis=-1)[0]
        (key,) = np.flatnonzero(told['key_frame'][0])
        assert key not in range(2, 6)
        assert sureness[key] == max(np.delete(sureness, range(2, 6)))

    def test_the_answer_is_that_of_the_surer(
        self, model: keras.Model, rng: np.random.Generator
    ) -> None:
        told = model(person(rng))
        both = np.concatenate([told['frame_probabilities'][0], told['pair_probabilities'][0]])
        assert np.array_equal(told['probabilities'][0], both[both.max(axis=-1).argmax()])

    def test_the_earlier_frame_comes_first(self) -> None:
        frames = np.arange(5, dtype=np.float32)[None, :, None]
        key = np.array([[0, 0, 1, 0, 0]], np.float32)
        pairs = np.array(PairWithKey()((frames, key)))[0]
        assert pairs.tolist() == [[0, 2], [1, 2], [2, 2], [2, 3], [2, 4]]

    def test_any_length_of_clip(self, model: keras.Model, rng: np.random.Generator) -> None:
        anyhow = keyframe_mlp.build(None, len(LABELS), **SMALL['keyframe_mlp'])
        anyhow.set_weights(model.get_weights())
        windows = person(rng)
        assert np.allclose(
            anyhow(windows)['probabilities'],
            model(windows)['probabilities'],
            atol=1e-6,
        )
        longer = anyhow(person(rng, 3 * FRAMES))
        assert longer['frame_probabilities'].shape == (1, 3 * FRAMES, len(LABELS))


def test_a_class_counts_for_its_super_class() -> None:
    loss = hierarchical_cnn.SuperClassLoss((0, 0, 1))
    truth = np.eye(3, dtype=np.float32)[[0, 1, 2]]
    right = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert float(loss(truth, right)) < 1e-5 < 5 < float(loss(truth, 1 - right))
    weights = [weight for _, weight in hierarchical_cnn.losses(0.0).values()]
    assert weights == [0.7, 0.3]


def test_super_classes_are_as_many_as_classes() -> None:
    with pytest.raises(ValueError, match='super_classes: 2 of them.* 3 classes'):
        small('hierarchical_cnn', super_classes=(0, 1))


def test_spoter_sees_the_order_of_frames(rng: np.random.Generator) -> None:
    model, windows = small('spoter'), person(rng)
    there, back = (model(each)['embedding'] for each in (windows, windows[:, ::-1]))
    assert np.abs(there - back).max() > 1e-3


def test_distances_between_joints_know_no_place_and_no_turn(rng: np.random.Generator) -> None:
    hand = person(rng)[:, :, RIGHT_HAND]
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0],
                     [0, 0, 1]], np.float32)  # fmt: skip
    told = np.array(joint_distances(hand, (0, 8, 20)))
    apart = [np.linalg.norm(hand[:, :, a] - hand[:, :, b], axis=-1) for a, b in
             ((0, 8), (0, 20), (8, 20))]  # fmt: skip
    assert told == pytest.approx(np.stack(apart, axis=-1), abs=1e-4)
    elsewhere = np.array(joint_distances(hand @ turn.T + np.float32(0.25), (0, 8, 20)))
    assert elsewhere == pytest.approx(told, abs=1e-4)


def test_dd_net_reads_a_hand_wherever_it_is(rng: np.random.Generator) -> None:
    front, _ = architectures.split(small('dd_net'))
    windows = person(rng)
    joints = np.array(front(windows)).reshape(FRAMES, 21, 3)
    assert joints.mean(axis=(0, 1)) == pytest.approx(np.zeros(3), abs=1e-5)
    assert np.array(front(2 * windows + np.float32(0.25))).reshape(joints.shape) == pytest.approx(
        joints, abs=1e-4
    )
    assert not np.any(front(np.full_like(windows, np.nan)))


def test_dd_net_reads_windows_of_an_even_number_of_frames() -> None:
    dd_net = architectures.find('dd_net')
    assert dd_net.build(10, len(LABELS), filters=4).input.shape[1] == 10
    for frames in (11, 6):
        with pytest.raises(ValueError, match=f'window_frames: {frames}, allowed are even numbers'):
            dd_net.build(frames, len(LABELS))


def test_a_contract_of_another_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match='lrcn reads images, not landmarks'):
        export(small('lrcn'), contract(architecture='lrcn'), tmp_path / 'model.onnx')
    assert list(tmp_path.iterdir()) == []


def test_finer_labels_add_up_and_reach_the_file(tmp_path: Path) -> None:
    model = small('ensemble', fine_per_class=2)
    fine = ('Swipe Right, 1', 'Swipe Right, 2', 'Swipe Left, 1', 'Swipe Left, 2')
    given = replace(facts('ensemble'), fine_labels=fine)
    assert export(model, given, tmp_path / 'model.onnx') <= PARITY_LIMIT
    classifier = OnnxClassifier(tmp_path / 'model.onnx')
    window = probe_windows(given)[0]
    kinds, told = classifier.fine(window), classifier(window)
    assert kinds.sum() == pytest.approx(1, abs=1e-5)
    assert told == pytest.approx([kinds[:2].sum(), kinds[2:].sum(), 0], abs=1e-5)


def test_some_members_divide_labels_that_all_name(rng: np.random.Generator, tmp_path: Path) -> None:
    model = small('ensemble', fine_per_class=2, fine_members=[1])
    told = {name: np.array(each) for name, each in model(person(rng)).items()}
    first, second = (told[f'fine_member{n}_probabilities'].reshape(-1, 2, 2) for n in range(2))
    labels = (first + second).sum(axis=-1) / 2
    assert told['probabilities'][:, :-1] == pytest.approx(labels, abs=1e-5)
    votes = second + 1e-7  # where it is sure of another label, it divides evenly
    shares = votes / votes.sum(axis=-1, keepdims=True)
    kinds = told['fine_probabilities'].reshape(-1, 2, 2)
    assert kinds == pytest.approx(labels[..., None] * shares, abs=1e-5)
    fine = ('Swipe Right, 1', 'Swipe Right, 2', 'Swipe Left, 1', 'Swipe Left, 2')
    given = replace(facts('ensemble'), fine_labels=fine)
    assert export(model, given, tmp_path / 'model.onnx') <= PARITY_LIMIT
    with pytest.raises(ValueError, match='fine_members: 0, 2, allowed are 0 to 1'):
        small('ensemble', fine_per_class=2, fine_members=[0, 2])
    with pytest.raises(ValueError, match='fine_members: none, allowed are 0 to 1'):
        small('ensemble', fine_per_class=2, fine_members=[])
    with pytest.raises(ValueError, match='allowed only with fine_per_class above 1'):
        small('ensemble', fine_members=[0])


@pytest.mark.parametrize('weight', [1, 2.5])
def test_an_ensemble_answers_with_the_mean_of_its_members(
    weight: float, rng: np.random.Generator
) -> None:
    first, second = SMALL['ensemble']['members']
    told = small('ensemble', members=[{**first, 'weight': weight}, second])(person(rng))
    members = np.stack([told[f'member{number}_probabilities'] for number in range(2)])
    mean = np.average(members, axis=0, weights=(weight, 1))
    assert np.array(told['probabilities']) == pytest.approx(mean, abs=1e-6)
    assert np.abs(members[0] - members[1]).max() > 1e-2


def test_one_member_may_tell_none_alone(rng: np.random.Generator, tmp_path: Path) -> None:
    model = small('ensemble', none_member=1)
    told = model(person(rng))
    first, second = (np.array(told[f'member{number}_probabilities']) for number in range(2))
    answer = np.array(told['probabilities'])
    assert answer[:, -1] == pytest.approx(second[:, -1], abs=1e-6)
    votes = (first + second)[:, :-1]
    shares = votes / votes.sum(axis=-1, keepdims=True)
    assert answer[:, :-1] == pytest.approx(shares * (1 - second[:, -1:]), abs=1e-5)
    assert export(model, facts('ensemble'), tmp_path / 'model.onnx') <= PARITY_LIMIT
    with pytest.raises(ValueError, match='none_member: 2, allowed are 0 to 1'):
        small('ensemble', none_member=2)


def test_a_pyramid_holds_the_maxima_of_the_clip_and_of_its_parts(
    rng: np.random.Generator,
) -> None:
    model = small('hierarchical_cnn', parts=3)
    frames, pyramid = model.get_layer('pool').input, model.get_layer('pyramid').output
    x, maxima = (
        np.array(each) for each in keras.Model(model.input, [frames, pyramid])(person(rng))
    )
    parts = (x, x[:, :2], x[:, 2:5], x[:, 5:])
    assert np.array_equal(maxima, np.concatenate([part.max(axis=1) for part in parts], axis=-1))
    with pytest.raises(ValueError, match=f'parts: 0, allowed are 1 to {FRAMES - 1}'):
        small('hierarchical_cnn', parts=0)
    with pytest.raises(ValueError, match='parts: 3, allowed are 1 to 2'):
        small('hierarchical_cnn', parts=3, motion=(FRAMES - 3,))


@pytest.mark.parametrize('name', ['hierarchical_cnn', 'conv_maxima'])
def test_motion_is_the_change_over_some_frames(name: str, rng: np.random.Generator) -> None:
    model = small(name, motion=(1, 3))
    outputs = [model.get_layer(name).output for name in ('features', 'motion')]
    x, motion = (np.array(each) for each in keras.Model(model.input, outputs)(person(rng)))
    expected = np.concatenate([x[:, 3:] - x[:, 2:-1], x[:, 3:] - x[:, :-3], x[:, 3:]], axis=-1)
    assert motion == pytest.approx(expected, abs=1e-6)
    assert np.abs(np.diff(x, axis=1)).max() > 1e-2
    with pytest.raises(ValueError, match=f'motion: {FRAMES}, allowed are 1 to {FRAMES - 1}'):
        small(name, motion=(1, FRAMES))


def test_motion_and_parts_reach_the_file(tmp_path: Path) -> None:
    model = small('hierarchical_cnn', motion=(1,), parts=3)
    assert export(model, facts('hierarchical_cnn'), tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(model, facts('hierarchical_cnn'), tmp_path / 'm.tflite') <= PARITY_LIMIT


def test_members_of_an_ensemble_share_what_does_not_learn() -> None:
    twins = small('ensemble', members=[{'arch': 'conv_attention'}] * 2)
    alone = small('conv_attention').get_layer('features').output
    assert twins.get_layer('features').output.shape[1] == alone.shape[1] * alone.shape[2]


def test_members_read_the_newest_of_a_window_or_every_second_frame(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    spans = ({'frames': FRAMES}, {'every': 2})
    members = [
        {**member, **span} for member, span in zip(SMALL['ensemble']['members'], spans, strict=True)
    ]
    alone = small('ensemble')
    together = architectures.find('ensemble').build(2 * FRAMES, len(LABELS), members)
    together.set_weights(alone.get_weights())
    window = person(rng, 2 * FRAMES)
    told = together(window)
    for number, seen in enumerate((window[:, FRAMES:], window[:, 1::2])):
        name = f'member{number}_probabilities'
        assert np.array(told[name]) == pytest.approx(np.array(alone(seen)[name]), abs=1e-6)
    contract = replace(facts('ensemble'), window_frames=2 * FRAMES)
    assert export(together, contract, tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(together, contract, tmp_path / 'model.tflite') <= PARITY_LIMIT


@pytest.mark.parametrize(
    ('entry', 'named'),
    [
        ({'every': 0}, 'members: every: 0, allowed is 1 or more'),
        ({'weight': 0}, 'members: weight: 0, allowed is above 0'),
        ({'frames': 0}, f'members: frames: 0, allowed are 1 to {FRAMES}'),
        (
            {'frames': FRAMES, 'every': 2},
            f'members: frames: {FRAMES}, allowed are 1 to {FRAMES // 2}',
        ),
    ],
)
def test_a_member_that_cannot_be_is_refused(entry: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        small('ensemble', members=[{'arch': 'lstm', **entry}, {'arch': 'lstm'}])


def test_a_member_without_features_reads_the_landmarks(tmp_path: Path) -> None:
    members = [*SMALL['ensemble']['members']]
    members[0] = {'arch': 'body_attention', 'options': SMALL['body_attention']}
    model = small('ensemble', members=members)
    assert export(model, facts('ensemble'), tmp_path / 'model.onnx') <= PARITY_LIMIT
    front, back = architectures.split(model)
    windows = probe_windows(facts('ensemble'))
    whole, parts = model(windows), back(front(windows))
    assert np.array(parts['probabilities']) == pytest.approx(np.array(whole['probabilities']))


def test_an_ensemble_of_twins_answers_mirror_twins_alike(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    members = [
        {'arch': 'conv_attention', 'options': SMALL['conv_attention']},
        {'arch': 'body_attention', 'options': {**SMALL['body_attention'], 'twins': False}},
    ]
    window = person(rng)
    alone, both = (small('ensemble', members=members, twins=twins) for twins in (False, True))
    both.set_weights(alone.get_weights())
    told, mirrored = (np.array(alone(each)['probabilities']) for each in (window, mirror(window)))
    assert np.abs(told - mirrored).max() > 1e-3
    for each in (window, mirror(window)):
        answer = both(each)['probabilities']
        assert np.array(answer) == pytest.approx((told + mirrored) / 2, abs=1e-5)
    assert export(both, facts('ensemble'), tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(both, facts('ensemble'), tmp_path / 'model.tflite') <= PARITY_LIMIT


def test_an_ensemble_is_of_architectures_of_landmarks() -> None:
    with pytest.raises(ValueError, match="members: {'name': 'lstm'}, allowed are arch, options, "):
        small('ensemble', members=[{'name': 'lstm'}] * 2)
    with pytest.raises(ValueError, match='members: lrcn reads images, allowed: landmarks'):
        small('ensemble', members=[{'arch': 'lrcn', 'options': {'height': 16, 'width': 20}}] * 2)
    with pytest.raises(ValueError, match='members: 1, allowed are 2 or more'):
        small('ensemble', members=[{'arch': 'lstm'}])


def test_plain_maxima_reach_the_file(tmp_path: Path) -> None:
    model = small('conv_maxima', plain=True, motion=(2, 6))
    assert export(model, facts('conv_maxima'), tmp_path / 'model.onnx') <= PARITY_LIMIT
    assert export_tflite(model, facts('conv_maxima'), tmp_path / 'model.tflite') <= PARITY_LIMIT


@pytest.mark.parametrize(
    ('name', 'options'), [('path_and_shape', {}), ('conv_maxima', {'plain': True})]
)
def test_no_place_and_no_size_matters(
    name: str, options: dict[str, Any], rng: np.random.Generator
) -> None:
    model = small(name, **options)
    windows = np.full((2, FRAMES, 75, 3), np.nan, np.float32)
    windows[:, :, RIGHT_HAND] = rng.normal(0, 0.1, (2, FRAMES, 21, 3))
    told, moved = (
        model.predict(each, verbose=0)['probabilities']
        for each in (windows, 1.7 * windows + np.array((0.3, 0.3, 0), np.float32))
    )
    assert moved == pytest.approx(told, abs=1e-4)
    assert abs(told[0] - told[1]).max() > 1e-3
