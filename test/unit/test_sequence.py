"""Windows of landmarks, laid over stamps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sign_recognition.landmarks import LandmarkFrame, empty_points
from sign_recognition.sequence import ImageBuffer, SequenceBuffer, clip_window, nearest_frames


def frame(time_s, value):
    points = empty_points()
    if value is not None:
        points[:] = value
    return LandmarkFrame(round(time_s * 1e9), (640, 480), points)


def wrist(window):
    return window[:, 0, 0]


def test_no_frame_no_window():
    assert SequenceBuffer(4, 10.0).window() is None


def test_a_young_stream_is_nan_where_it_was_not_yet():
    buffer = SequenceBuffer(4, 10.0)
    buffer.push(frame(5.0, 1.0))
    buffer.push(frame(5.1, 2.0))
    np.testing.assert_allclose(wrist(buffer.window()), [np.nan, np.nan, 1.0, 2.0])


@given(
    rate_hz=st.floats(8, 120),
    jitter=st.lists(st.floats(-0.3, 0.3), min_size=200, max_size=200),
)
def test_steady_motion_looks_the_same_at_any_camera_rate(rate_hz, jitter):
    buffer = SequenceBuffer(16, 16.0)
    times = (np.arange(200) + np.array(jitter)) / rate_hz + 10
    for time_s in times:
        buffer.push(frame(time_s, time_s))
    seen = wrist(buffer.window())
    expected = times[-1] - np.arange(15, -1, -1) / 16
    within = expected >= times[0]
    np.testing.assert_allclose(seen[within], expected[within], atol=2e-5)


def test_dropped_frames_are_bridged_where_both_sides_see_the_hand():
    buffer = SequenceBuffer(5, 10.0)
    for time_s in (0.0, 0.1, 0.4):
        buffer.push(frame(time_s, time_s))
    np.testing.assert_allclose(wrist(buffer.window()), [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)


def test_a_lost_hand_is_not_invented():
    buffer = SequenceBuffer(5, 10.0)
    for time_s, value in ((0.0, 0.0), (0.1, 1.0), (0.2, None), (0.3, None), (0.4, 4.0)):
        buffer.push(frame(time_s, value))
    np.testing.assert_allclose(wrist(buffer.window()), [0, 1, np.nan, np.nan, 4])


def test_between_a_seen_and_a_lost_frame_the_nearer_one_counts():
    buffer = SequenceBuffer(3, 20.0)
    buffer.push(frame(0.0, 7.0))
    buffer.push(frame(0.08, None))
    seen = wrist(buffer.window())
    np.testing.assert_allclose(seen, [np.nan, 7.0, np.nan])


@pytest.mark.parametrize(
    ('second_s', 'continues'),
    [(1.033, True), (1.5, True), (1.6, False), (0.2, False), (1.0, False)],
)
def test_a_long_pause_or_a_jump_back_begins_a_new_stream(second_s, continues):
    buffer = SequenceBuffer(4, 10.0, max_gap_s=0.5)
    assert not buffer.push(frame(1.0, 1.0))
    assert buffer.push(frame(second_s, 2.0)) is continues
    if not continues:
        np.testing.assert_array_equal(wrist(buffer.window()), [np.nan, np.nan, np.nan, 2.0])


def test_memory_is_bounded_by_the_window():
    buffer = SequenceBuffer(10, 10.0)
    for index in range(1000):
        buffer.push(frame(index / 30, index))
    assert len(buffer._stamps_ns) <= 0.9 * 30 + 2


@pytest.mark.parametrize('arguments', [(0, 10.0), (5, 0.0), (5, float('nan')), (5, 10.0, -1.0)])
def test_impossible_windows_are_refused(arguments):
    with pytest.raises(ValueError, match='positive'):
        SequenceBuffer(*arguments)


def levels(buffer):
    return buffer.window()[:, 0, 0, 0].tolist()


class TestImages:
    @staticmethod
    def buffer(*timed, frames=4):
        """After images of (time in s, brightness), 10 samples per second."""
        buffer = ImageBuffer(frames, 10.0)
        for time_s, level in timed:
            buffer.push(round(time_s * 1e9), np.full((2, 3, 3), level, np.uint8))
        return buffer

    def test_no_image_no_window(self):
        assert self.buffer().window() is None

    def test_before_the_beginning_the_first_image_stands_still(self):
        buffer = self.buffer((5.0, 7), (5.1, 8))
        assert levels(buffer) == [7, 7, 7, 8]
        assert buffer.window().shape == (4, 2, 3, 3)
        assert buffer.window().dtype == np.uint8

    def test_each_sample_is_the_image_nearest_to_it(self):
        timed = [(n / 30, n) for n in range(30)]
        assert levels(self.buffer(*timed)) == [20, 23, 26, 29]
        assert levels(self.buffer((0.0, 1), (0.12, 2), (0.29, 3), (0.3, 4))) == [1, 2, 2, 4]

    @pytest.mark.parametrize('next_s', [0.1, 2.0])
    def test_a_jump_or_a_pause_begins_anew(self, next_s):
        buffer = self.buffer((1.0, 1), (1.1, 2))
        assert not buffer.push(round(next_s * 1e9), np.full((2, 3, 3), 9, np.uint8))
        assert levels(buffer) == [9, 9, 9, 9]


class TestClipWindow:
    TIMES_S = np.array([0.0, 0.11, 0.19, 0.32, 0.4])

    def points(self):
        return np.stack([frame(0, value).points for value in self.TIMES_S])

    def test_the_newest_part_is_what_a_live_stream_gives(self):
        for frames in (3, 8):
            buffer = SequenceBuffer(frames, 10.0)
            for time_s in self.TIMES_S:
                buffer.push(frame(time_s, time_s))
            window = clip_window(self.points(), self.TIMES_S, 'newest', frames, 10.0)
            np.testing.assert_array_equal(window, buffer.window())

    def test_a_stretched_clip_has_its_first_and_last_frame(self):
        window = clip_window(self.points(), self.TIMES_S, 'resample', 9, 1.0)
        np.testing.assert_allclose(wrist(window), np.linspace(0, 0.4, 9), atol=1e-6)

    def test_one_frame_stands_still_or_is_the_last(self):
        one = self.points()[:1], self.TIMES_S[:1]
        assert wrist(clip_window(*one, 'resample', 4, 1.0)).tolist() == [0, 0, 0, 0]
        np.testing.assert_equal(
            wrist(clip_window(*one, 'newest', 3, 9.0)), np.array([np.nan, np.nan, 0])
        )

    def test_images_are_the_nearest_ones(self):
        assert nearest_frames(self.TIMES_S, 'resample', 3, 1.0).tolist() == [0, 2, 4]
        assert nearest_frames(self.TIMES_S, 'newest', 7, 10.0).tolist() == [0, 0, 0, 1, 2, 3, 4]
