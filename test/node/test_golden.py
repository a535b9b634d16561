"""Golden bags through the core of every node: what they come to changes only on purpose.

After a change that was meant (another model, another detector), `make golden` makes the bags and
golden.json anew.
"""

from __future__ import annotations

import json

import pytest
from golden_replay import GOLDEN, GOLDEN_FILE, through_cores

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.evaluation.recordings import BagRecording
from sign_recognition.evaluation.replay import trace
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file

EXPECTED = json.loads(GOLDEN_FILE.read_text())
# Another processor rounds otherwise, and a threshold may be reached an image sooner or later.
IMAGE_S = 0.041
SCORE = 0.02


def near(rows):
    """Rows of times, names and numbers, each with its tolerance."""
    return [[near_value(i, value) for i, value in enumerate(row)] for row in rows]


def near_value(column, value):
    if isinstance(value, str):
        return value
    return pytest.approx(value, abs=IMAGE_S if column == 0 else SCORE)


def near_moves(rows):
    return [
        [*(pytest.approx(t, abs=IMAGE_S) for t in row[:2]), pytest.approx(row[2], abs=SCORE)]
        for row in rows
    ]


@pytest.mark.parametrize('name', EXPECTED)
def test_a_golden_bag_comes_to_what_it_did(name):
    expected, found = EXPECTED[name], through_cores(GOLDEN / name)
    assert found['images'] == expected['images'] > 100
    assert found['events'] == near(expected['events'])
    assert found['moves'] == near_moves(expected['moves'])
    assert found['stopped'] == expected['stopped']


def test_the_golden_bags_try_what_matters():
    events = [event for each in EXPECTED.values() for event in each['events']]
    assert sum(kind == 'start' for _, kind, *_ in events) >= 4
    assert any(each['moves'] for each in EXPECTED.values())
    assert {each['stopped'] for each in EXPECTED.values()} == {True, False}


@pytest.mark.parametrize('name', EXPECTED)
def test_evaluation_sees_the_same_events_as_the_nodes(name):
    recorded = BagRecording(GOLDEN / name, name).load(lambda: pytest.fail('images?'), lambda: None)
    recognizer = Recognizer(OnnxClassifier(model_file('')))
    told = [each.announced_s for each in trace(recorded.frames, recognizer).detections]
    starts = [at_s for at_s, kind, *_ in EXPECTED[name]['events'] if kind == 'start']
    assert told == pytest.approx(starts, abs=IMAGE_S)
    assert len(recorded.truth) >= 2
