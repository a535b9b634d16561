"""The rendered signer: a pure function of time, a human hand, and a hand that MediaPipe finds."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sign_recognition.decision import NONE_LABEL
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND, flip_view
from sign_recognition.sources.hand_model import (
    BONES,
    HIGHEST_DEG,
    LOWEST_DEG,
    RELAXED,
    WRIST_DEVIATION_DEG,
    WRIST_FLEXION_DEG,
    HandPose,
)
from sign_recognition.sources.signer import Signer
from sign_recognition.sources.signer_gestures import idle, perform
from sign_recognition.vocabulary import GESTURES

TIMES_S = (0.0, 1.7, 4.3, 9.1)
USUAL_PLACE = np.array([0.3, 0.8, 0.0])

angles = arrays(np.float64, (5, 4), elements=st.floats(-180, 180))
turns = arrays(np.float64, 3, elements=st.floats(-180, 180))


def _performed(label: str, seed: int = 0) -> list[HandPose]:
    movement = perform(label, USUAL_PLACE, np.random.default_rng(seed))
    return [movement.at(time_s) for time_s in np.arange(0, movement.duration_s, 0.02)]


class TestHand:
    @given(angles, turns)
    def test_joint_angles_stay_in_their_anatomical_range(self, fingers, turn):
        pose = HandPose(np.concatenate([[0, 0, 0], turn, fingers.ravel()]))

        assert (pose.fingers_deg >= LOWEST_DEG).all()
        assert (pose.fingers_deg <= HIGHEST_DEG).all()

    @given(angles, turns)
    def test_bones_keep_their_length_however_the_hand_is_bent(self, fingers, turn):
        joints = HandPose.of((1, 2, 3), turn, fingers).joints

        bones = np.diff(joints[1:].reshape(5, 4, 3), axis=1)
        assert np.linalg.norm(bones, axis=2) == pytest.approx(BONES)

    @given(turns, turns)
    def test_the_forearm_stays_in_the_range_of_the_wrist(self, turn, wanted):
        pose = HandPose.of((0, 0, 0), turn, RELAXED)

        x, y, z = pose.rotation.T @ pose.forearm(wanted / max(np.linalg.norm(wanted), 1e-6))

        low, high = WRIST_DEVIATION_DEG
        assert low - 1e-6 <= np.degrees(np.arcsin(x)) <= high + 1e-6
        low, high = WRIST_FLEXION_DEG
        assert low - 1e-6 <= np.degrees(np.arctan2(-z, y)) <= high + 1e-6

    def test_a_resting_right_hand_shows_its_palm_with_the_thumb_left(self):
        joints = HandPose.of([0, 0, 0], [0, 0, 0], np.zeros((5, 4))).joints

        assert joints[12, 1] < joints[9, 1] < joints[0, 1], 'fingers up'
        assert joints[4, 0] < joints[20, 0], 'thumb left of the little finger'

    def test_a_bent_finger_comes_to_the_camera_where_the_palm_looks(self):
        bent = np.zeros((5, 4))
        bent[1, 0] = 60

        assert HandPose.of([0, 0, 0], [0, 0, 0], bent).joints[8, 2] < -0.5


class TestMovements:
    @pytest.mark.parametrize('label', GESTURES)
    def test_a_gesture_is_smooth_and_as_fast_as_a_person(self, label):
        for seed in range(5):
            poses = _performed(label, seed)
            places = np.stack([pose.joints[[0, 9]].mean(axis=0) for pose in poses])
            speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / 0.02

            assert speeds.max() < 12, 'hand lengths a second, about 1 m/s'
            assert np.abs(np.diff(speeds)).max() < 2.5, 'no jerk'

    @pytest.mark.parametrize(
        ('label', 'axis', 'sign'),
        [
            ('Swipe Right', 0, 1),
            ('Swipe Left', 0, -1),
            ('Swipe Up', 1, -1),
            ('Swipe Down', 1, 1),
            ('Grab', 2, -1),
        ],
    )
    def test_a_stroke_goes_its_way_and_comes_back(self, label, axis, sign):
        for seed in range(5):
            way = sign * np.array([pose.place[axis] for pose in _performed(label, seed)])

            assert way.max() - way[0] > 0.9
            assert way[-1] - way[0] < 0.3 * (way.max() - way[0])

    @pytest.mark.parametrize(('label', 'closes'), [('Pinch', True), ('Expand', False)])
    def test_thumb_and_index_meet_or_part(self, label, closes):
        for seed in range(10):
            poses = _performed(label, seed)
            first, last = (np.linalg.norm(p.joints[4] - p.joints[8]) for p in (poses[0], poses[-1]))

            assert (last < 0.65 < 0.7 < first) if closes else (first < 0.65 < 0.7 < last)

    @pytest.mark.parametrize(('label', 'thumb_is'), [('Rotation CW', -1), ('Rotation CCW', 1)])
    def test_a_rotation_brings_the_thumb_above_or_below(self, label, thumb_is):
        poses = _performed(label)
        middle = poses[len(poses) // 2].joints

        assert np.sign(middle[2, 1] - middle[17, 1]) == thumb_is

    def test_idling_joins_two_poses(self):
        for seed in range(20):
            rng = np.random.default_rng(seed)
            start, end = _performed('Grab', seed)[-1], _performed('Tap', seed)[0]
            movement = idle(start, end, 2.5, USUAL_PLACE, rng)

            assert movement.at(0).values == pytest.approx(start.values)
            assert movement.at(2.5).values == pytest.approx(end.values)


class TestScript:
    def test_every_gesture_comes_once_in_each_round(self):
        labels = [each.label for each in Signer(seed=3).script(180)]

        assert sorted(labels[:14]) == sorted(GESTURES)
        assert sorted(labels[14:28]) == sorted(GESTURES)
        assert labels[:14] != labels[14:28]

    def test_rests_between_gestures_are_as_long_as_asked(self):
        script = Signer(seed=1, rest_s=(1.6, 2.4)).script(90)

        rests_s = [after.start_s - before.end_s for before, after in itertools.pairwise(script)]
        assert len(rests_s) > 15
        assert min(rests_s) >= 1.6 - 1e-9
        assert max(rests_s) <= 2.4 + 1e-9

    def test_asking_far_ahead_changes_nothing(self):
        eager, patient = Signer(seed=2), Signer(seed=2)

        assert eager.script(200)[:5] == patient.script(30)[:5]

    def test_a_subset_of_labels(self):
        assert {each.label for each in Signer(labels=('Tap', 'Grab')).script(60)} == {'Tap', 'Grab'}

    def test_a_given_sequence_is_performed_once(self):
        sequence = ('Shake', 'Tap', 'Tap')
        signer = Signer(sequence=sequence)

        assert tuple(each.label for each in signer.script(60)) == sequence
        assert signer.render(59.0).label == NONE_LABEL

    @pytest.mark.parametrize(
        'arguments',
        [{'labels': ()}, {'labels': ('Wave',)}, {'rest_s': (0.2, 1)}, {'rest_s': (3, 2)}],
    )
    def test_what_cannot_be_performed_is_refused(self, arguments):
        with pytest.raises(ValueError, match='allowed'):
            Signer(**arguments)


class TestPictures:
    def test_same_seed_same_pixels(self):
        one, other = Signer(seed=5), Signer(seed=5)

        for time_s in TIMES_S:
            assert (one.render(time_s).image == other.render(time_s).image).all()

    def test_another_seed_is_another_person(self):
        one, other = Signer(seed=5).render(1.0), Signer(seed=6).render(1.0)

        assert np.abs(one.image.astype(int) - other.image).mean() > 10

    def test_a_picture_depends_on_its_time_alone(self):
        forward, backward = Signer(seed=7), Signer(seed=7)
        ahead = [forward.render(time_s) for time_s in TIMES_S]
        behind = [backward.render(time_s) for time_s in reversed(TIMES_S)][::-1]

        for one, other in zip(ahead, behind, strict=True):
            assert (one.image == other.image).all()
            assert np.array_equal(one.frame.points, other.frame.points, equal_nan=True)
            assert one.label == other.label

    def test_an_ordinary_camera_sees_the_flip_of_the_mirror_image(self):
        mirror_image, plain = Signer(seed=4), Signer(seed=4, mirrored=False)

        for time_s in TIMES_S:
            one, other = mirror_image.render(time_s), plain.render(time_s)
            assert (one.image == other.image[:, ::-1]).all()
            flipped = flip_view(one.frame.points)
            assert np.array_equal(flipped, other.frame.points, equal_nan=True)
            assert (one.frame.mirrored, other.frame.mirrored) == (True, False)

    def test_a_left_hander_is_the_mirror_image_of_a_right_hander(self):
        right = Signer(seed=4, sequence=('Swipe Left',))
        left = Signer(seed=4, sequence=('Swipe Right',), left_handed=True)

        for time_s in TIMES_S:
            one, other = right.render(time_s), left.render(time_s)
            assert (one.image == other.image[:, ::-1]).all()
            assert np.array_equal(
                flip_view(one.frame.points)[RIGHT_HAND],
                other.frame.points[LEFT_HAND],
                equal_nan=True,
            )

    @pytest.mark.parametrize('size_px', [(640, 480), (1280, 720)])
    def test_a_gesture_stays_in_the_picture(self, size_px):
        for seed in range(3):
            signer = Signer(seed=seed, size_px=size_px)
            for each in signer.script(60):
                for time_s in np.linspace(each.start_s, each.end_s, 6)[:-1]:
                    shown = signer.render(time_s)
                    points = shown.frame.points[RIGHT_HAND]
                    assert shown.image.shape == (size_px[1], size_px[0], 3)
                    assert shown.label == each.label
                    middle = points.mean(axis=0)
                    assert 0 < middle[0] < 1
                    assert 0 < middle[1] < size_px[1] / size_px[0]

    def test_only_the_performing_hand_has_points(self):
        points = Signer(seed=1).render(1.0).frame.points

        assert np.isfinite(points[RIGHT_HAND]).all()
        assert np.isnan(np.delete(points, np.arange(21, 42), axis=0)).all()
        assert points[21, 2] == 0, 'depth is told from the wrist'

    def test_a_hand_that_left_the_picture_is_not_seen(self):
        signer = Signer(seed=0, rest_s=(2.5, 3))
        seen = [signer.render(time_s).frame.sees(RIGHT_HAND) for time_s in np.arange(0, 90, 0.5)]

        assert 0.85 < np.mean(seen) < 1


class TestMediaPipe:
    def test_the_tracker_finds_the_drawn_hand_where_it_is(self):
        signer = Signer(seed=1, sequence=('Swipe Up', 'Pinch'))
        detector = make_detector(DetectorConfig())
        found, on_side, errors = 0, 0, []
        times_s = np.arange(60) / 15
        for time_s in times_s:
            shown = signer.render(time_s)
            seen = detector.detect(
                cv2.cvtColor(shown.image, cv2.COLOR_BGR2RGB), shown.frame.stamp_ns
            )
            found += seen.hands_seen == 1
            on_side += seen.sees(RIGHT_HAND)
            truth = shown.frame.points[RIGHT_HAND, :2]
            length = np.linalg.norm(truth[9] - truth[0])
            errors.append(np.linalg.norm(seen.points[RIGHT_HAND, :2] - truth, axis=1) / length)
        detector.close()

        assert found >= 0.95 * len(times_s)
        assert on_side >= 0.9 * len(times_s)
        assert np.nanmedian(errors) < 0.1, 'hand lengths'
