"""Training from clips to a model file, and what augmentation and preprocessing promise."""

from __future__ import annotations

import io
import json
import math
import runpy
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras
from rich.console import Console
from scipy.spatial.transform import Rotation

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND, Points
from sign_recognition.model_contract import ModelContract
from sign_recognition.parallel import Workers
from sign_recognition.resources import model_file
from sign_recognition.sources.hand_model import BONES, HIGHEST_DEG, LOWEST_DEG, ROOTS, hand_joints
from sign_recognition.sources.signer_script import SignerScript
from sign_recognition.training import (
    anatomy,
    scripted,
    stream_augmentation,
    stream_config,
    stream_run,
)
from sign_recognition.training.actors import AnatomicalActor, Take
from sign_recognition.training.anatomy import fit_cached, fit_motions
from sign_recognition.training.architectures import conv_attention
from sign_recognition.training.calibrate import (
    StreamScore,
    pad_hands,
    predict_streams,
    score_streams,
)
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.export import ExportError, export
from sign_recognition.training.foreign import Track
from sign_recognition.training.hand_motion import HandMotion
from sign_recognition.training.preprocess import ChooseHand, HandFeatures
from sign_recognition.training.refinement import Refinement
from sign_recognition.training.run_folder import CONFIG_FILE
from sign_recognition.training.scenes import Performed
from sign_recognition.training.scripted import scripted_scene
from sign_recognition.training.second_opinion import SecondOpinion
from sign_recognition.training.settings import ConfigError
from sign_recognition.training.stream_config import CLASS_NAMES, StreamConfig
from sign_recognition.training.stream_data import Examples, Material, shuffled
from sign_recognition.training.stream_fitting import PROGRESS
from sign_recognition.training.stream_run import measure, train
from sign_recognition.training.streams import (
    Stream,
    clip_stream,
    cut_windows,
    foreign_stream,
    make_stream,
)
from sign_recognition.training.strokes import find_stroke
from sign_recognition.training.windows import Lot, WindowSource, lots
from sign_recognition.vocabulary import GESTURES, MIRRORED

FRAMES = 16
RNG_SEED = 5


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(RNG_SEED)


def hand_pose() -> Points:
    """(21, 3) metres, y down: an open right hand, palm to the camera, fingers up, 0.5 m away."""
    hand = np.zeros((21, 3), np.float32)
    for finger in range(5):
        for joint in range(4):
            x = 0.02 * (finger - 2)
            hand[1 + 4 * finger + joint] = (-x, -0.08 - 0.02 * joint, -0.003 * joint)
    return hand + np.array((0, 0, 0.5), np.float32)


def swipe(direction: tuple[float, float, float], frames: int = 60) -> Points:
    """(F, 21, 3): rest, a stroke of 0.25 m in frames 10 to 25, and at once the way back."""
    share = np.interp(np.arange(frames), (10, 25, 28, 43), (0, 1, 1, 0))[:, None, None]
    path = 0.25 * share * np.array(direction, np.float32)
    return np.asarray(hand_pose() + path, np.float32)


def windows_of(hand: Points, part: slice = RIGHT_HAND) -> Points:
    """(1, T, 75, 3) with one hand in its place."""
    windows = np.full((1, len(hand), 75, 3), np.nan, np.float32)
    windows[0, :, part] = hand
    return windows


def image_hand(rng: np.random.Generator, frames: int = FRAMES) -> Points:
    """(T, 21, 3) image widths: a hand that moves, with some trembling."""
    path = np.linspace(0, 0.3, frames)[:, None, None] * np.array((1, 0.3, 0))
    noise = rng.normal(0, 0.002, (frames, 21, 3))
    return np.asarray(hand_pose() + path + noise, np.float32)


@pytest.fixture(scope='module')
def model() -> keras.Model:
    """A small untrained model that gives its embedding."""
    keras.utils.set_random_seed(RNG_SEED)
    whole = conv_attention.build(FRAMES, len(CLASS_NAMES), width=16, blocks=1, heads=2)
    return keras.Model(whole.input, whole.output['embedding'])


class TestPreprocess:
    @staticmethod
    def embed(model: keras.Model, windows: Points) -> Points:
        return np.asarray(model.predict(windows, verbose=0))

    @pytest.mark.parametrize(
        'change',
        [
            pytest.param(lambda p: p + np.float32(0.25) * np.array((1, 1, 0), 'f4'), id='shift'),
            pytest.param(lambda p: p * np.float32(1.7), id='nearer'),
            pytest.param(lambda p: p * np.float32(0.4), id='farther'),
        ],
    )
    def test_place_and_size_do_not_matter(
        self, model: keras.Model, rng: np.random.Generator, change: Callable[[Points], Points]
    ) -> None:
        windows = windows_of(image_hand(rng))
        assert np.allclose(
            self.embed(model, change(windows)), self.embed(model, windows), atol=2e-3
        )

    def test_the_movement_does_matter(self, model: keras.Model, rng: np.random.Generator) -> None:
        hand = image_hand(rng)
        there, back = self.embed(model, windows_of(hand)), self.embed(model, windows_of(hand[::-1]))
        assert np.abs(there - back).max() > 0.01

    def test_the_tracker_may_call_the_hand_left_or_right(
        self, model: keras.Model, rng: np.random.Generator
    ) -> None:
        hand = image_hand(rng)
        mixed = windows_of(hand)
        mixed[0, 5:, LEFT_HAND], mixed[0, 5:, RIGHT_HAND] = hand[5:], np.nan
        expected = self.embed(model, windows_of(hand))
        assert np.allclose(self.embed(model, windows_of(hand, LEFT_HAND)), expected, atol=1e-5)
        assert np.allclose(self.embed(model, mixed), expected, atol=1e-5)

    def test_the_body_does_not_matter(self, model: keras.Model, rng: np.random.Generator) -> None:
        windows = windows_of(image_hand(rng))
        with_body = windows.copy()
        with_body[:, :, POSE] = 0.5
        assert np.array_equal(self.embed(model, with_body), self.embed(model, windows))

    def test_nothing_seen_gives_numbers(self, model: keras.Model) -> None:
        windows = np.full((2, FRAMES, 75, 3), np.nan, np.float32)
        assert np.isfinite(self.embed(model, windows)).all()

    def test_one_missing_number_hides_the_whole_hand(
        self, model: keras.Model, rng: np.random.Generator
    ) -> None:
        point, hand = windows_of(image_hand(rng)), windows_of(image_hand(rng))
        hand[:] = point
        point[0, 4, 21 + 8, 1] = np.nan
        hand[0, 4, RIGHT_HAND] = np.nan
        assert np.array_equal(self.embed(model, point), self.embed(model, hand))

    def test_a_gap_is_filled_on_a_straight_line(self) -> None:
        path = np.linspace(0, 0.3, FRAMES)[:, None, None] * np.array((1, 0.3, 0))
        hand = np.asarray(hand_pose() + path, np.float32)
        windows = windows_of(hand)
        windows[0, 5:9] = np.nan
        filled, seen, gap, *_ = ChooseHand()(windows)
        assert np.allclose(filled[0], hand, atol=1e-6)
        assert np.array(seen)[0, :, 0].tolist() == [1] * 5 + [0] * 4 + [1] * 7
        assert np.array(gap)[0, 4:10, 0].tolist() == [0, 1, 2, 2, 1, 0]

    def test_before_and_after_the_nearest_frame_counts(self) -> None:
        windows = windows_of(np.repeat(hand_pose()[None], FRAMES, axis=0))
        windows[0, :3], windows[0, 12:] = np.nan, np.nan
        filled, _, gap, *_ = ChooseHand()(windows)
        assert np.allclose(filled[0], hand_pose(), atol=1e-6)
        assert np.array(gap)[0, :4, 0].tolist() == [3, 2, 1, 0]
        assert np.array(gap)[0, 11:, 0].tolist() == [0, 1, 2, 3, 4]

    def test_the_hand_that_moves_leads(self, rng: np.random.Generator) -> None:
        moving, resting = image_hand(rng), np.repeat(hand_pose()[None] + 0.4, FRAMES, axis=0)
        windows = windows_of(moving, LEFT_HAND)
        windows[0, :, RIGHT_HAND] = resting
        hand, _, _, _, other_seen, _ = ChooseHand()(windows)
        assert np.allclose(hand[0], moving, atol=1e-6)
        assert (np.array(other_seen) == 1).all()

    def test_features_are_bounded(self, rng: np.random.Generator) -> None:
        windows = rng.normal(0, 100, (3, FRAMES, 75, 3)).astype(np.float32)
        features = np.array(HandFeatures()(ChooseHand()(windows)))
        assert np.isfinite(features).all() and np.abs(features).max() <= 8


class TestAugment:
    @pytest.mark.parametrize(
        'change',
        [
            lambda p, rng: stream_augmentation.mirror_world(p),
            lambda p, rng: stream_augmentation.stretch_path(p, 1.5),
            lambda p, rng: stream_augmentation.wear_real_hand(p, p[::-1], rng),
            lambda p, rng: stream_augmentation.resample(p, np.arange(60.0), np.arange(0, 59, 0.7)),
            lambda p, rng: stream_augmentation.VirtualCamera.random(rng).project(
                p, p.mean(axis=(0, 1))
            ),
            stream_augmentation.resize_hand,
            stream_augmentation.turn_with_path,
            stream_augmentation.guess_depth,
            stream_augmentation.tracker_noise,
            stream_augmentation.lose_frames,
        ],
    )
    def test_the_input_is_not_changed_and_chance_is_seeded(
        self, change: Callable[[Points, np.random.Generator], Points]
    ) -> None:
        hands = swipe((1, 0, 0))
        before = hands.copy()
        results = [change(hands, np.random.default_rng(seed)) for seed in (1, 1)]
        assert np.array_equal(hands, before)
        assert np.array_equal(results[0], results[1], equal_nan=True)
        assert results[0].dtype == np.float32 and results[0].shape[1:] == (21, 3)

    def test_mirrored_twice_is_the_same(self) -> None:
        hands = swipe((1, 0, 0))
        assert np.array_equal(
            stream_augmentation.mirror_world(stream_augmentation.mirror_world(hands)), hands
        )
        assert all(MIRRORED[b] == a for a, b in MIRRORED.items())

    def test_a_swipe_to_the_right_moves_right_in_every_camera(
        self, rng: np.random.Generator
    ) -> None:
        hands = swipe((1, 0, 0))
        for _ in range(50):
            image = stream_augmentation.VirtualCamera.random(rng).project(
                hands, hands.mean(axis=(0, 1))
            )
            right, down, _ = image[25, 0] - image[10, 0]
            assert right > abs(down)
            assert (image[:, 0, 2] == 0).all()

    def test_losing_frames_only_loses(self, rng: np.random.Generator) -> None:
        hands = swipe((0, 1, 0))
        lost = [stream_augmentation.lose_frames(hands, rng) for _ in range(50)]
        for each in lost:
            seen = np.isfinite(each)
            assert np.array_equal(each[seen], hands[seen])
            assert (seen.all(axis=(1, 2)) == seen.any(axis=(1, 2))).all()
        assert any(np.isnan(each).any() for each in lost)

    def test_a_stretched_path_keeps_the_hand(self) -> None:
        hands = swipe((1, 0, 0))
        stretched = stream_augmentation.stretch_path(hands, 2.0)
        assert np.ptp(stretched[:, 0, 0]) == pytest.approx(2 * np.ptp(hands[:, 0, 0]), rel=1e-4)
        assert np.allclose(stretched - stretched[:, :1], hands - hands[:, :1], atol=1e-6)


def bending_hand(frames: int = 30) -> HandMotion:
    """A hand 0.4 m away that bends all its fingers, its palm turned a little."""
    share = np.linspace(0, 1, frames)[:, None, None]
    stretched = np.array([(10, 45, 10, 15)] + [(5, 0, 10, 6)] * 4)
    bent = np.array([(30, 40, 30, 30)] + [(55, 0, 70, 42)] * 4)
    turn = Rotation.from_euler('xyz', (10, 20, -15), degrees=True).as_matrix()
    return HandMotion(
        np.tile(np.array((0.05, 0.1, 0.4), np.float32), (frames, 1)),
        np.tile(turn.astype(np.float32), (frames, 1, 1)),
        (stretched + (bent - stretched) * share).astype(np.float32),
        0.09,
    )


def bending_take() -> Take:
    """A Grab by that hand."""
    motion = bending_hand()
    return Take(motion.joints(), 'Grab', find_stroke(motion.joints(), 'Grab'), motion, fingers=2)


class TestAnatomicalActor:
    def test_resting_fingers_play_as_those_of_real_people_do(
        self, rng: np.random.Generator
    ) -> None:
        """Half of all real ones move their tips by less than 0.1 hand lengths in half a second."""
        moved = []
        for _ in range(60):
            hand = AnatomicalActor(rng).rest(bending_take(), 60)
            length_m = np.linalg.norm(hand[0, 9] - hand[0, 0])
            between = np.linalg.norm(hand[:, 4] - hand[:, 8], axis=-1) / length_m
            moved += [np.ptp(between[i : i + 16]) for i in range(0, 45, 8)]
        assert 0.02 < np.median(moved) < 0.1
        assert np.quantile(moved, 0.9) < 0.3


class TestAnatomy:
    def test_the_fitted_hand_is_the_hand_model(self, rng: np.random.Generator) -> None:
        fingers_deg = rng.uniform(LOWEST_DEG, HIGHEST_DEG, (20, 5, 4))
        bones = BONES * rng.uniform(0.8, 1.2, (5, 3))
        fitted = anatomy._joints(
            np.radians(fingers_deg).astype('f4'),
            np.tile(bones.astype('f4'), (20, 1, 1)),
            ROOTS.astype('f4'),
        )
        assert np.allclose(fitted, hand_joints(fingers_deg, bones), atol=1e-5)

    def test_an_anatomical_hand_is_found_again(self) -> None:
        known = bending_hand()
        (found,) = fit_motions([known.joints()])
        assert np.abs(found.joints() - known.joints()).mean() < 0.1 * known.length_m
        flexion = found.fingers_deg[:, 1:, 2].mean(axis=1)
        assert flexion[0] < 25 and flexion[-1] > 50

    def test_fingers_that_a_camera_flattened_get_their_bones_back(self) -> None:
        known = bending_hand()
        seen = known.joints()
        normal = known.rotation[0, :, 2]
        depth = (seen - seen[:, :1]) @ normal
        (found,) = fit_motions([seen - 0.7 * depth[..., None] * normal])
        bones = np.linalg.norm(np.diff(found.joints()[:, 5:9], axis=1), axis=-1)
        assert np.allclose(bones, bones[0], rtol=1e-3)
        assert np.allclose(bones[0], np.linalg.norm(np.diff(seen[0, 5:9], axis=0), axis=-1), 0.1)

    def test_a_hand_is_fitted_as_well_among_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The more frames, the smaller is the share of each in the loss, and Adam's epsilon is
        fixed."""
        monkeypatch.setattr(anatomy, '_STEPS', 60)
        hand = bending_hand().joints()
        (alone,) = fit_motions([hand])
        among_many = fit_motions([hand] * 200)[0]
        assert np.abs(among_many.joints() - alone.joints()).max() < 0.001

    def test_a_fit_is_kept_for_the_hands_that_it_is_of(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hands, cache = [bending_hand().joints()], tmp_path / 'new' / 'anatomy.npz'
        first = fit_cached(hands, cache)
        fits = []
        monkeypatch.setattr(
            'sign_recognition.training.anatomy.fit_motions',
            lambda hands, _: fits.append(hands) or first,
        )
        (again,) = fit_cached(hands, cache)
        assert not fits and np.array_equal(again.joints(), first[0].joints())
        fit_cached([hands[0] + np.float32(0.1)], cache)
        assert len(fits) == 1

    def test_a_fit_by_other_code_is_not_taken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hands, cache = [bending_hand(4).joints()], tmp_path / 'anatomy.npz'
        motion = bending_hand(4)
        monkeypatch.setattr(anatomy, 'fit_motions', lambda *_: [motion])
        fit_cached(hands, cache)
        other = tmp_path / 'anatomy.py'
        other.write_text('# another fit')
        monkeypatch.setattr(anatomy, '__file__', str(other))
        monkeypatch.setattr(anatomy, 'fit_motions', lambda *_: [replace(motion, length_m=0.1)])
        (anew,) = fit_cached(hands, cache)
        assert anew.length_m == 0.1


class TestStrokes:
    @pytest.mark.parametrize(
        ('label', 'direction'),
        [
            ('Swipe Right', (1, 0, 0)),
            ('Swipe Left', (-1, 0, 0)),
            ('Swipe Up', (0, -1, 0)),
            ('Swipe Down', (0, 1, 0)),
        ],
    )
    def test_a_swipe_is_done_before_the_way_back(
        self, label: str, direction: tuple[float, float, float]
    ) -> None:
        stroke = find_stroke(swipe(direction), label)
        assert 8 <= stroke.begin <= 13
        assert 21 <= stroke.done <= 26
        assert stroke.end == 60

    def test_a_late_way_back_is_cut_off(self) -> None:
        out_and_back = swipe((1, 0, 0))
        rested = np.concatenate(
            (out_and_back[:26], np.repeat(out_and_back[25:26], 40, axis=0), out_and_back[26:])
        )
        stroke = find_stroke(rested, 'Swipe Right')
        assert stroke.done < stroke.end < 66

    @pytest.mark.parametrize(('label', 'order'), [('Pinch', 1), ('Grab', 1), ('Expand', -1)])
    def test_fingers_are_done_when_thumb_and_index_finger_are(self, label: str, order: int) -> None:
        moving = bending_hand(15).joints()[::order]
        before, after = np.repeat(moving[:1], 20, axis=0), np.repeat(moving[-1:], 20, axis=0)
        # The little finger goes on, and is not asked.
        after[:, 20] += np.linspace(0, 0.1, 20)[:, None]
        stroke = find_stroke(np.concatenate((before, moving, after)), label)
        assert 20 <= stroke.begin <= 25
        assert 28 <= stroke.done <= 36

    @pytest.mark.parametrize('label', GESTURES)
    @pytest.mark.parametrize('frames', [2, 3, 40])
    def test_a_hand_that_rests_has_a_stroke_all_the_same(self, label: str, frames: int) -> None:
        stroke = find_stroke(np.repeat(hand_pose()[None], frames, axis=0), label)
        assert 0 <= stroke.begin < stroke.done < stroke.end <= frames


class TestStreams:
    @pytest.fixture
    def takes(self) -> list[Take]:
        hands = {'Swipe Right': swipe((1, 0, 0)), 'Swipe Up': swipe((0, -1, 0))}
        motions = fit_motions(list(hands.values()))
        return [
            Take(hand, label, find_stroke(hand, label), motion, fingers=2)
            for (label, hand), motion in zip(hands.items(), motions, strict=True)
        ]

    def test_labels_follow_the_gesture(self) -> None:
        stream = Stream(
            np.zeros((100, 42, 3), np.float32), 20.0, (Performed('Swipe Up', 1.0, 2.0),)
        )
        told = {time_s: stream.label_at(time_s) for time_s in (0.5, 1.2, 1.7, 2.0, 2.3, 2.8, 3.1)}
        assert told == {
            0.5: 'none', 1.2: 'none', 1.7: None, 2.0: 'Swipe Up', 2.3: 'Swipe Up', 2.8: None,
            3.1: 'none',
        }  # fmt: skip

    @pytest.mark.parametrize(
        ('label', 'just_before_its_end'),
        [('Swipe Up', None), ('Swipe +', 'Swipe +'), ('Tap', 'Tap')],
    )
    def test_a_line_is_told_when_it_is_over(
        self, label: str, just_before_its_end: str | None
    ) -> None:
        stream = Stream(np.zeros((100, 42, 3), np.float32), 20.0, (Performed(label, 1.0, 2.0),))
        assert stream.label_at(1.9) == just_before_its_end
        assert stream.label_at(2.1) == label

    @pytest.mark.parametrize(
        ('label', 'half_of_it'), [('Swipe Down', None), ('Swipe +', 'none'), ('Swipe V', 'none')]
    )
    def test_the_first_of_two_lines_is_no_gesture_yet(
        self, label: str, half_of_it: str | None
    ) -> None:
        stream = Stream(np.zeros((100, 42, 3), np.float32), 20.0, (Performed(label, 1.0, 2.0),))
        assert stream.label_at(1.5) == half_of_it

    def test_a_window_before_the_beginning_is_missing(self) -> None:
        stream = Stream(np.arange(5 * 126, dtype=np.float32).reshape(5, 42, 3), 20.0, ())
        window = stream.window(2, 6)
        assert np.isnan(window[:3]).all()
        assert np.array_equal(window[3:], stream.hands[:3])

    def test_invented_streams_hold_gestures_and_hands(
        self, takes: list[Take], rng: np.random.Generator
    ) -> None:
        streams = [make_stream(takes, rng, 20.0) for _ in range(40)]
        labels = {each.label for stream in streams for each in stream.performed}
        assert labels == {'Swipe Right', 'Swipe Left', 'Swipe Up'}
        for stream in streams:
            assert stream.hands.shape[1:] == (42, 3) and stream.hands.dtype == np.float32
            assert np.isfinite(stream.hands).any()
            for window, label in cut_windows(stream, FRAMES, rng):
                assert window.shape == (FRAMES, 42, 3)
                assert label in CLASS_NAMES

    def test_scripted_streams_show_all_gestures_where_they_are_performed(
        self, takes: list[Take], rng: np.random.Generator
    ) -> None:
        streams = [make_stream(takes, rng, 20.0, scripted_share=1.0) for _ in range(20)]
        labels = {each.label for stream in streams for each in stream.performed}
        assert len(labels) > 10, 'the clips hold three'
        for stream in streams:
            for each in stream.performed:
                assert 0.05 < each.done_s - each.begin_s < 4
        assert np.isfinite(streams[0].hands).any()

    def test_nobody_of_a_scripted_scene_is_shown_to_users(
        self, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seeds = []

        class Noted(SignerScript):
            def __init__(self, *labels: Any, seed: int, **how: Any) -> None:
                seeds.append(seed)
                super().__init__(*labels, seed=seed, **how)

        monkeypatch.setattr(scripted, 'SignerScript', Noted)
        for _ in range(10):
            scripted_scene(1, rng)
        assert len({*seeds}) == 10 and min(seeds) > 100_000, seeds

    def test_foreign_streams_are_none_and_do_not_change_their_source(
        self, takes: list[Take], rng: np.random.Generator
    ) -> None:
        hands = clip_stream(takes[0], rng, 30.0).hands
        before = hands.copy()
        stream = foreign_stream(hands, np.arange(len(hands)) / 30, rng, 20.0)
        assert {label for _, label in cut_windows(stream, FRAMES, rng)} == {NONE_LABEL}
        assert np.array_equal(hands, before, equal_nan=True)

    def test_lots_of_windows_are_the_same_wherever_they_are_made(self, takes: list[Take]) -> None:
        source = WindowSource(takes, [], [], 20.0, FRAMES)
        own = lots(60, np.random.default_rng(RNG_SEED))
        assert [lot.count for lot in own] == [25, 25, 10]
        assert lots(0, np.random.default_rng(RNG_SEED)) == []
        with Workers(WindowSource, takes, [], [], 20.0, FRAMES) as workers:
            elsewhere = [*workers.map(Lot.windows, own)]
        for lot, made in zip(lots(60, np.random.default_rng(RNG_SEED)), elsewhere, strict=True):
            windows = lot.windows(source)
            assert windows.labels == made.labels and set(made.labels) <= set(CLASS_NAMES)
            assert windows.points.shape == (len(made.labels), FRAMES, 42, 3)
            assert np.array_equal(windows.points, made.points, equal_nan=True)
        assert not np.array_equal(elsewhere[0].points[0], elsewhere[1].points[0], equal_nan=True)

    def test_foreign_lots_are_none(self, takes: list[Take]) -> None:
        recording = clip_stream(takes[0], np.random.default_rng(1), 30.0).hands
        tracks = [Track(recording, np.arange(len(recording)) / 30, 'video')]
        (lot,) = lots(3, np.random.default_rng(RNG_SEED), foreign=True)
        assert set(lot.windows(WindowSource(takes, [], tracks, 20.0, FRAMES)).labels) == {
            NONE_LABEL
        }
        (lot,) = lots(3, np.random.default_rng(RNG_SEED), foreign=True)
        assert lot.windows(WindowSource(takes, [], [], 20.0, FRAMES)).labels == ()

    def test_shuffled_examples_keep_their_classes(self, rng: np.random.Generator) -> None:
        classes = np.arange(20)
        features = np.stack([classes, -classes], axis=1).astype(np.float16)
        parts = [Examples(features[a:b], classes[a:b]) for a, b in ((0, 7), (7, 7), (7, 20))]
        mixed = shuffled(parts, rng)
        assert sorted(mixed.classes) == [*classes] and [*mixed.classes] != [*classes]
        assert np.array_equal(mixed.features, features[mixed.classes])

    def test_scores_count_found_false_and_late(self) -> None:
        performed = (Performed('Tap', 1.0, 2.0), Performed('Grab', 5.0, 6.0))
        stream = Stream(np.zeros((200, 42, 3), np.float32), 20.0, performed)
        scores = np.zeros((200, 3), np.float32)
        scores[:, 2] = 1
        for begin, label in ((40, 0), (120, 0), (180, 1)):
            scores[begin : begin + 10] = np.eye(3)[label]
        labels = ('Tap', 'Grab', NONE_LABEL)
        score = score_streams([stream], [scores], labels, DecisionThresholds())
        assert (score.performed, score.found, score.false_events) == (2, 1, 2)
        assert score.minutes == pytest.approx(1 / 6)
        assert 0 < score.median_delay_s < 0.3
        none = score_streams([], [], labels, DecisionThresholds())
        assert math.isnan(none.false_per_minute), 'nothing was shown, not nothing was told'

    def test_a_hand_that_is_gone_tells_nothing(self) -> None:
        stream = Stream(np.zeros((30, 42, 3), np.float32), 20.0, ())
        stream.hands[:3] = stream.hands[10:20] = np.nan
        stream.hands[15, 21:] = 0.5
        sure = np.array([1, 0], np.float32)
        (told,) = predict_streams(
            lambda windows: np.tile(sure, (len(windows), 1)), [stream], ('Tap', NONE_LABEL), FRAMES
        )
        gone = {0, 1, 2, 14}  # after 0.2 s, four frames
        assert {*np.flatnonzero(told[:, 1])} == gone
        assert np.array_equal(told.sum(axis=1), np.ones(30))


def write_dataset(root: Path) -> None:
    """SHREC'17 in miniature: two signers, swipes right and up."""
    rows = []
    for subject in (1, 2):
        for label, direction in ((7, (1, 0, 0)), (9, (0, -1, 0))):
            hand = swipe(direction) * np.array((1, -1, 1), np.float32)
            joints = np.insert(hand, 1, hand[:, 9] / 2 + hand[:, 0] / 2, axis=1)
            folder = root / f'gesture_{label}/finger_1/subject_{subject}/essai_1'
            folder.mkdir(parents=True)
            np.savetxt(folder / 'skeletons_world.txt', joints.reshape(len(hand), 66))
            rows.append(f'{label} 1 {subject} 1 {label} {2 * label - 1} {len(hand)}')
    (root / 'train_gestures.txt').write_text('\n'.join(rows))


TINY = StreamConfig(
    name='tiny',
    architecture_options={'width': 8, 'blocks': 1, 'heads': 2},
    window_frames=FRAMES,
    rate_hz=10.0,
    shrec17='shrec17',
    held_out_signers=('2',),
    epochs=1,
    streams=4,
    fresh_streams=2,
    batch=16,
    scored_streams=2,
)


class TestTrain:
    def test_a_tiny_run_gives_a_model_file_and_goes_on_later(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_dataset(tmp_path / 'shrec17')
        path = train(TINY, tmp_path, tmp_path / 'run', Console(file=io.StringIO()))
        classifier = OnnxClassifier(path)
        assert classifier.contract.labels == CLASS_NAMES
        assert (classifier.contract.window_frames, classifier.contract.rate_hz) == (FRAMES, 10.0)
        assert {'clip_accuracy', 'stream_recall'} <= set(classifier.contract.metrics)
        assert 'without signers 2' in classifier.contract.training_data
        for hand in (np.full((FRAMES, 21, 3), np.nan, np.float32), swipe((1, 0, 0), FRAMES)):
            probabilities = classifier(windows_of(hand)[0])
            assert probabilities.shape == (len(CLASS_NAMES),)
            assert probabilities.sum() == pytest.approx(1, abs=1e-5)

        told = io.StringIO()
        monkeypatch.setattr('sign_recognition.training.stream_run.finish', lambda *_: path)
        train(replace(TINY, epochs=2), tmp_path, tmp_path / 'run', Console(file=told))
        assert 'going on after epoch 1' in told.getvalue()
        assert 'epoch 2/2' in told.getvalue() and 'epoch 1/2' not in told.getvalue()

    def test_a_tiny_run_is_refined_and_keeps_half_of_what_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_dataset(tmp_path / 'shrec17')
        left: dict[float | None, list[Any]] = {}

        def run(weight: float | None, scripted_share: float = 1.0) -> str:
            def keep(config: StreamConfig, model: keras.Model, *_: Any) -> Path:
                left[weight] = model.get_weights()
                return Path('model.onnx')

            monkeypatch.setattr(stream_run, 'finish', keep)
            refinement = None if weight is None else Refinement(1, 0.01, scripted_share, weight)
            told = io.StringIO()
            config = replace(TINY, refinement=refinement, odds={'Tap': 1 + (weight or 0)})
            train(config, tmp_path, tmp_path / 'run', Console(file=told, width=200))
            return told.getvalue()

        for weight in (None, 1.0, 0.0, 0.5):
            assert ('epoch 1/1' in run(weight)) == (weight in (None, 1.0)), 'trained once each'
        for before, after, none, half in zip(*left.values(), strict=True):
            np.testing.assert_array_equal(none, before)
            np.testing.assert_allclose(half, (before + after) / 2, atol=1e-6)
        assert any(not np.array_equal(*each) for each in zip(left[None], left[1.0], strict=True))
        with pytest.raises(ConfigError, match=r'run/refinement holds .*scripted_share: 1\.0, now'):
            run(0.5, scripted_share=0.5)
        renamed = replace(TINY, name='other', refinement=Refinement(1, 0.01, 1.0, 0.5))
        told = io.StringIO()
        train(renamed, tmp_path, tmp_path / 'run', Console(file=told))
        assert 'epoch 1/1' not in told.getvalue(), 'a name may change'

    def test_a_tiny_run_asks_for_a_second_opinion(self, tmp_path: Path) -> None:
        write_dataset(tmp_path / 'shrec17')
        clips = ClipConfig('lines', 'bilstm', {'units': [4, 4]}, window_frames=8, epochs=1)
        opinion = SecondOpinion(replace(clips, view='camera'), ('Swipe Up',), 0.3)
        told = io.StringIO()
        config = replace(TINY, second_opinion=opinion)
        path = train(config, tmp_path, tmp_path / 'run', Console(file=told, width=200))
        assert OnnxClassifier(path).contract.labels == CLASS_NAMES
        assert '2 clips to train on' in told.getvalue() and 'second opinion: ' in told.getvalue()
        kept = replace(config, second_opinion=replace(opinion, clips=opinion.without(('2',))))
        assert StreamConfig.read(tmp_path / 'run' / CONFIG_FILE) == kept
        other = SecondOpinion(replace(clips, view='camera', batch=3), ('Swipe Up',), 0.3)
        more = replace(TINY, epochs=2, second_opinion=other)
        with pytest.raises(ValueError, match='run/second_opinion holds .*batch: 64, now 3'):
            train(more, tmp_path, tmp_path / 'run', Console(file=io.StringIO()))
        assert StreamConfig.read(tmp_path / 'run' / CONFIG_FILE) == kept

    def test_a_signer_without_clips_cannot_be_held_out(self, tmp_path: Path) -> None:
        write_dataset(tmp_path / 'shrec17')
        config = replace(TINY, held_out_signers=('2', '99'))
        with pytest.raises(ValueError, match='held_out_signers: 99 have no clip.* of 1, 2'):
            train(config, tmp_path, tmp_path / 'run', Console(file=io.StringIO()))

    def test_a_file_that_disagrees_is_not_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contract = ModelContract('new', CLASS_NAMES, 10.0, FRAMES, 'a', 'none', '2000-01-01')
        model = conv_attention.build(FRAMES, len(CLASS_NAMES), width=8, blocks=1, heads=2)
        monkeypatch.setattr(OnnxClassifier, '__call__', lambda *_: np.full(len(CLASS_NAMES), 0.5))
        with pytest.raises(ExportError, match='differ by'):
            export(model, contract, tmp_path / 'model.onnx')
        assert [*tmp_path.iterdir()] == []

    @pytest.mark.parametrize(
        ('name', 'named'),
        [('lrcn', 'lrcn reads images, allowed here'), ('alexnet', "'alexnet', known are")],
    )
    def test_an_architecture_that_cannot_be_is_refused_before_data_are_read(
        self, name: str, named: str, tmp_path: Path
    ) -> None:
        config = replace(TINY, architecture=name, architecture_options={})
        with pytest.raises(ValueError, match=named):
            train(config, tmp_path / 'data', tmp_path / 'run')
        assert not (tmp_path / 'run').exists()

    def test_an_unknown_setting_is_named(self, tmp_path: Path) -> None:
        config = tmp_path / 'run.yaml'
        config.write_text('name: x\nlerning_rate: 1')
        with pytest.raises(ValueError, match=r"run.yaml: \['lerning_rate'\]"):
            StreamConfig.read(config)

    @pytest.mark.parametrize(
        ('entry', 'named'),
        [
            ('decision: {start: 0.7}', "decision: .*'start'"),
            ('decision: {start_score: 1.7}', 'decision: .*start_score: 0.4, 1.7'),
            ('decision: {label_dwell_s: {Swipe: 0.2}}', 'decision: .*label_dwell_s: .*Swipe'),
            ('odds: {Swipe: 2}', 'odds: Swipe: 2, allowed are labels'),
            ('second_opinion: {labels: [Tap]}', 'second_opinion: .*allowed are config'),
            ('batch: 0', 'batch: 0, allowed is a positive whole'),
            ('rate_hz: 0', 'rate_hz: 0, allowed is a positive'),
            ('epochs: 2.5', 'epochs: 2.5, allowed is a positive whole'),
            ('refinement: {epochs: 2}', 'refinement: {.*}, allowed are epochs, learning_rate, scr'),
            ('refinement: 2', 'refinement: 2, allowed are epochs'),
            (
                'refinement: {epochs: 2, learning_rate: 1, scripted_share: 2, weight: 0.5}',
                'refinement: scripted_share: 2, allowed is 0 to 1',
            ),
            ('scripted_share: 2', 'scripted_share: 2, allowed is 0 to 1'),
            ('streams: true', 'streams: True, allowed is a positive whole'),
            ("held_out_signers: '12'", "held_out_signers: '12', allowed is a list"),
            ('held_out_signers: 12', 'held_out_signers: 12, allowed is a list'),
            ('foreign_videos: asl_words', "foreign_videos: 'asl_words', allowed is a list"),
            ('label_smoothing: 1', 'label_smoothing: 1, allowed is 0 or more, and below 1'),
            ('odds: 2', 'odds: 2, allowed is a mapping'),
            ('scored_streams: 1', 'scored_streams: 1, allowed is a whole number, 2 or more'),
        ],
    )
    def test_what_does_not_suit_the_model_is_named(
        self, entry: str, named: str, tmp_path: Path
    ) -> None:
        config = tmp_path / 'run.yaml'
        config.write_text(f'name: x\n{entry}')
        with pytest.raises(ConfigError, match=f'run.yaml: {named}') as error:
            StreamConfig.read(config)
        assert '\n' not in str(error.value)

    @pytest.mark.parametrize(
        ('text', 'named'),
        [('seed: 1', 'name: missing'), ('name: [', 'while parsing'), ('', 'allowed are settings')],
    )
    def test_what_is_no_configuration_is_named(self, text: str, named: str, tmp_path: Path) -> None:
        (tmp_path / 'run.yaml').write_text(text)
        with pytest.raises(ConfigError, match=f'run.yaml: .*{named}'):
            StreamConfig.read(tmp_path / 'run.yaml')

    def test_every_setting_has_its_kind(self) -> None:
        checked_by_itself = {'refinement', 'second_opinion'}
        assert {each.name for each in fields(StreamConfig)} - {*stream_config._KINDS} == (
            checked_by_itself
        )

    @pytest.mark.parametrize(('decision', 'judging'), [({'start_score': 0.7}, 4), ({}, 2)])
    def test_streams_that_chose_no_thresholds_judge_the_model(
        self, decision: dict[str, float], judging: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counts = []

        def count(streams: list[Stream], *others: Any) -> StreamScore:
            counts.append(len(streams))
            return score_streams(streams, *others)

        monkeypatch.setattr('sign_recognition.training.stream_run.score_streams', count)
        config = replace(TINY, decision=decision, scored_streams=4)
        measure(
            config,
            lambda windows: np.full((len(windows), len(CLASS_NAMES)), 0.1, np.float32),
            Material([], [bending_take()], [], []),
        )
        assert counts == [judging, 0], 'own streams, and no foreign ones'

    def test_the_shipped_configuration_is_readable(self) -> None:
        config = StreamConfig.read(
            Path(__file__).resolve().parents[2] / 'config/train/shrec17_live.yaml'
        )
        shipped = OnnxClassifier(model_file('shrec17_live')).contract
        assert config.name == shipped.name
        assert DecisionThresholds(**config.decision) == shipped.decision
        assert shipped.window_frames == config.window_frames

    def test_the_rows_of_the_ablation_are_readable_where_they_are_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scripts = Path(__file__).parents[2] / 'scripts'
        monkeypatch.syspath_prepend(scripts)
        ablation = runpy.run_path(str(scripts / 'ablate_live.py'))
        recipe = yaml.safe_load(ablation['CONFIG'].read_text()) | ablation['SHORT']
        for name, changes in ablation['rows'](recipe):
            (tmp_path / 'recipe.yaml').write_text(yaml.safe_dump(recipe | changes))
            config = StreamConfig.read(tmp_path / 'recipe.yaml')
            assert (config.epochs, config.refinement, config.second_opinion) == (5, None, None), (
                name
            )


class TestGoingOn:
    """A run in a folder that holds one: only the end of it may be another."""

    @pytest.fixture(autouse=True)
    def without_its_minutes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.takes = [bending_take()]
        monkeypatch.setattr(
            stream_run, 'read_material', lambda *_: Material(self.takes, [bending_take()], [], [])
        )
        monkeypatch.setattr(stream_run, 'fit', lambda *_: None)
        monkeypatch.setattr(stream_run, 'finish', lambda *_: Path('model.onnx'))

    @pytest.fixture
    def run_dir(self, tmp_path: Path) -> Path:
        """Of TINY, whose one epoch is done."""
        run_dir = tmp_path / 'run'
        train(TINY, tmp_path, run_dir, Console(quiet=True))
        (run_dir / PROGRESS).write_text(json.dumps({'epochs': 1}))
        assert StreamConfig.read(run_dir / CONFIG_FILE) == TINY
        return run_dir

    @staticmethod
    def go_on(run_dir: Path, config: StreamConfig = TINY) -> None:
        train(config, run_dir.parent, run_dir, Console(quiet=True))

    @pytest.mark.parametrize(
        ('changes', 'named'),
        [
            ({'held_out_signers': ('1',)}, r"held_out_signers: \['2'\], now \['1'\]"),
            ({'seed': 3}, 'seed: 0, now 3'),
            ({'foreign_videos': ('asl_words',)}, 'foreign_videos: '),
            ({'architecture_options': {**TINY.architecture_options, 'width': 16}}, 'options: '),
        ],
    )
    def test_another_run_is_refused(
        self, changes: dict[str, Any], named: str, run_dir: Path
    ) -> None:
        with pytest.raises(ConfigError, match=f'holds a run of another configuration .*{named}'):
            self.go_on(run_dir, replace(TINY, **changes))
        assert StreamConfig.read(run_dir / CONFIG_FILE) == TINY

    def test_what_the_end_alone_reads_may_change(self, run_dir: Path) -> None:
        changed = replace(
            TINY, epochs=2, scored_streams=4, odds={'Tap': 2.0}, decision={'start_score': 0.7}
        )
        self.go_on(run_dir, changed)
        assert StreamConfig.read(run_dir / CONFIG_FILE) == changed

    def test_fewer_epochs_than_are_done_are_refused(self, run_dir: Path) -> None:
        (run_dir / PROGRESS).write_text(json.dumps({'epochs': 3}))
        with pytest.raises(ConfigError, match='epochs: 1, allowed are 3, which .*run has done'):
            self.go_on(run_dir)

    def test_other_data_are_refused(self, run_dir: Path) -> None:
        self.go_on(run_dir)
        self.takes.append(bending_take())
        with pytest.raises(ConfigError, match='holds a run on other data'):
            self.go_on(run_dir)

    def test_a_run_from_before_its_configuration_was_kept_is_refused(self, run_dir: Path) -> None:
        (run_dir / CONFIG_FILE).unlink()
        with pytest.raises(ConfigError, match='does not say how it was made'):
            self.go_on(run_dir)

    @pytest.mark.parametrize('text', ['', '{"epo', '[]', '{}', '{"epochs": null}'])
    def test_a_broken_file_is_named(self, text: str, run_dir: Path) -> None:
        (run_dir / PROGRESS).write_text(text)
        with pytest.raises(ConfigError, match=r'progress\.json: does not say how many epochs'):
            self.go_on(run_dir)

    def test_a_setting_that_is_younger_than_the_run_was_the_usual(self, run_dir: Path) -> None:
        values = yaml.safe_load((run_dir / CONFIG_FILE).read_text())
        del values['scripted_share']
        (run_dir / CONFIG_FILE).write_text(yaml.safe_dump(values))
        with pytest.raises(ConfigError, match=r'scripted_share: 0\.0, now 0\.5'):
            self.go_on(run_dir, replace(TINY, scripted_share=0.5))
        self.go_on(run_dir)

    def test_where_nothing_was_trained_anything_may_be(self, run_dir: Path) -> None:
        (run_dir / PROGRESS).unlink()
        self.go_on(run_dir, replace(TINY, seed=3))


def test_padding_adds_a_body_that_was_not_seen() -> None:
    hands = np.zeros((2, 5, 42, 3), np.float32)
    padded = pad_hands(hands)
    assert padded.shape == (2, 5, 75, 3)
    assert np.isnan(padded[..., POSE, :]).all() and not np.isnan(padded[..., :42, :]).any()
