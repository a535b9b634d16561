"""Real people before webcams, through MediaPipe and the shipped model.

The clips may not be redistributed: the folder that holds them is named by SIGN_RECOGNITION_DATA,
or lies in shared/data beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation.events import may_explain
from sign_recognition.evaluation.replay import gestures, replay
from sign_recognition.evaluation.truth import read_truth
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sources.files import VideoFile

DATA = Path(os.environ.get('SIGN_RECOGNITION_DATA', Path(__file__).parents[3] / 'shared' / 'data'))
VIDEO = DATA / 'video'
pytestmark = pytest.mark.skipif(
    not (VIDEO / 'truth.csv').is_file(), reason=f'no real clips in {VIDEO}: NOT tried on them'
)
SWIPES = {name.lower(): f'Swipe {name}' for name in ('Left', 'Right', 'Up', 'Down')}
FOREIGN = ('chalearn_nmadapan', 'wave_imishra')


def recognise(path):
    """The gestures that the shipped model finds in a clip, with the live defaults."""
    detector = make_detector(DetectorConfig())
    recognizer = Recognizer(OnnxClassifier(model_file('')))
    try:
        return gestures(replay(VideoFile(path, (640, 480)), detector, recognizer))
    finally:
        detector.close()


def strokes():
    """Each clip and what is performed in it."""
    return read_truth(VIDEO / 'truth.csv', SWIPES).clips.items()


def near(stroke, events):
    """Labels of the events that a stroke may explain."""
    return [each.label for each in events if may_explain(stroke, each.start_s)]


def test_swipes_are_found_in_their_direction():
    missed = []
    for clip, performed in strokes():
        events = recognise(VIDEO / clip)
        swipes = [stroke for stroke in performed if stroke.label in SWIPES.values()]
        missed += [(clip, each, events) for each in swipes if each.label not in near(each, events)]
    assert len(missed) <= 3, missed


def test_two_handed_gestures_and_foreign_footage_stay_silent():
    false = []
    for clip, performed in strokes():
        if zooms := [stroke for stroke in performed if stroke.label.startswith('two-hands')]:
            events = recognise(VIDEO / clip)
            false += [(clip, label) for zoom in zooms for label in near(zoom, events)]
    clips = [path for name in FOREIGN for path in sorted((VIDEO / name).glob('*.mp4'))[:5]]
    false += [(clip.name, each) for clip in clips for each in recognise(clip)]
    assert len(clips) == 10
    assert len(false) <= 3, false
