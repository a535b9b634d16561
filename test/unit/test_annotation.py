"""A recording becomes a video with what was recognised on it."""

import cv2
import numpy as np
import pytest
from support import contract, frame

from sign_recognition.annotation import Annotator, VideoWriter, at_steady_rate
from sign_recognition.model_contract import ImageInput
from sign_recognition.motion import Action, ActionKind, MotionController, MotionLimits
from sign_recognition.recognizer import Recognizer
from sign_recognition.sources.base import Capture
from sign_recognition.sources.signer import Signer


class SeesBrightness:
    """A detector for which the brightness of an image says where the hand is."""

    def __init__(self):
        self.shapes = []

    def detect(self, image_rgb, stamp_ns):
        self.shapes.append(image_rgb.shape)
        level = image_rgb[0, 0, 0] / 255
        return frame(stamp_ns / 1e9, level if level else None)

    def close(self):
        pass


class Follows:
    """A model for which the wrist's place says what is shown."""

    contract = contract()

    def __call__(self, window):
        x = np.nan_to_num(window[-1, 21, 0], nan=0.5)
        scores = np.exp(np.array([20 * (x - 0.7), 20 * (0.3 - x), 0.0]))
        return (scores / scores.sum()).astype(np.float32)


def make_annotator():
    move = Action(ActionKind.MOVE, np.array([0.3, 0, 0, 0, 0, 0.0]), for_s=1.0)
    controller = MotionController({'Swipe Right': move}, MotionLimits())
    return Annotator(SeesBrightness(), Recognizer(Follows()), controller)


def capture(time_s, brightness, size=(480, 640)):
    return Capture(time_s, np.full((*size, 3), brightness, np.uint8))


def corner_changes(annotator, captures):
    """Times at which something stands where gestures are announced."""
    return [
        each.time_s
        for each in captures
        if (annotator.draw(each)[12:48, 12:30] != each.image_bgr[0, 0]).any()
    ]


def test_a_gesture_stands_on_the_images_at_which_it_lasts():
    shown = [capture(n / 20, 240 if 20 <= n < 40 else 128) for n in range(80)]
    times_s = corner_changes(make_annotator(), shown)
    assert 1.0 <= times_s[0] <= 1.3
    assert 1.9 <= times_s[-1] <= 2.3
    np.testing.assert_allclose(np.diff(times_s), 0.05)


def test_the_command_is_that_of_the_gesture():
    annotator = make_annotator()
    drawn = [annotator.draw(capture(n / 20, 240 if n >= 20 else 128)) for n in range(60)]
    dials = [image[-74:-8, -74:-8].astype(int) for image in drawn]
    moving = [n for n, dial in enumerate(dials) if (dial[..., 1] > dial[..., 2] + 60).any()]
    assert moving
    assert 20 <= moving[0] <= 26
    assert moving[-1] - moving[0] == pytest.approx(20, abs=4)


def test_the_image_that_was_given_stays_as_it_was():
    given = capture(0.0, 240)
    make_annotator().draw(given)
    assert (given.image_bgr == 240).all()


def test_large_images_are_seen_as_live_and_drawn_as_they_are():
    annotator = make_annotator()
    assert annotator.draw(capture(0.0, 240, (720, 1280))).shape == (720, 1280, 3)
    assert annotator._detector.shapes == [(360, 640, 3)]


def test_small_images_are_enlarged_to_be_read():
    assert make_annotator().draw(capture(0.0, 240, (120, 160))).shape == (360, 480, 3)


def test_frames_of_the_signer_are_annotated_the_same_again():
    signer = Signer(seed=3, size_px=(320, 240), mirrored=True)
    shown = [Capture(time_s, signer.render(time_s).image) for time_s in (0.0, 0.5, 1.0)]
    first, again = ([annotator.draw(each) for each in shown] for annotator in
                    (make_annotator(), make_annotator()))  # fmt: skip
    np.testing.assert_array_equal(first, again)
    assert all((image[-60:, :200] != 0).any() for image in first)


@pytest.mark.parametrize(
    ('times_s', 'shown'),
    [
        ([0.0, 0.1, 0.2], [0, 1, 2]),
        ([0.0, 0.1, 0.4, 0.5], [0, 1, 1, 1, 2, 3]),  # a pause
        ([0.0, 0.01, 0.1, 0.11, 0.2], [1, 3, 4]),  # more images than the rate has room for
        ([0.0], [0]),
        ([], []),
    ],
)
def test_a_video_keeps_the_times(times_s, shown):
    images = at_steady_rate(zip(times_s, range(len(times_s)), strict=True), 10.0)
    assert list(images) == shown


def write(path, brightnesses):
    with VideoWriter(path, 10.0) as writer:
        for brightness in brightnesses:
            writer.write(np.full((48, 64, 3), brightness, np.uint8))


def read(path):
    video, levels = cv2.VideoCapture(str(path)), []
    while (found := video.read())[0]:
        levels.append(float(found[1].mean()))
    return levels


def test_images_of_two_sizes_are_refused(tmp_path):
    refused = pytest.raises(ValueError, match=r'out.mp4: image 2 is of \(32, 48\).*\(64, 48\)')
    with refused, VideoWriter(tmp_path / 'out.mp4', 10.0) as writer:
        for width in (64, 32):
            writer.write(np.zeros((48, width, 3), np.uint8))
    assert not any(tmp_path.iterdir())


def test_a_written_video_can_be_read(tmp_path):
    write(tmp_path / 'clip.mp4', [0, 100, 200])
    assert read(tmp_path / 'clip.mp4') == pytest.approx([0, 100, 200], abs=5)
    assert [each.name for each in tmp_path.iterdir()] == ['clip.mp4']


def test_an_interrupted_video_leaves_what_was_there(tmp_path):
    path = tmp_path / 'clip.mp4'
    write(path, [50])

    def interrupted():
        yield from (1, 2, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, interrupted())
    assert len(read(path)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ['clip.mp4']


@pytest.mark.parametrize('folder', ['absent', '.'])
def test_what_could_not_be_written_is_named(tmp_path, folder):
    path = tmp_path / folder / 'clip.mp4'
    with pytest.raises(OSError, match='clip.mp4: 0 of'):
        write(path, [1, 2] if folder == 'absent' else [])
    assert [*tmp_path.iterdir()] == []


class SeesColour(Follows):
    """A model of images for which white is a swipe."""

    contract = contract(images=ImageInput(4, 6))

    def __call__(self, window):
        white = window[-1].mean() / 255
        return np.array([white, 0, 1 - white], np.float32)


def test_a_model_of_images_is_given_them():
    annotator = Annotator(
        SeesBrightness(), Recognizer(SeesColour()), MotionController({}, MotionLimits())
    )
    shown = [capture(n / 20, 250 if n >= 20 else 10) for n in range(40)]
    assert 1.0 <= corner_changes(annotator, shown)[0] <= 1.4
