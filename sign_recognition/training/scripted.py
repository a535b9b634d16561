"""Scenes of people who do not exist: what the rendered signer's script has them do."""

from __future__ import annotations

import numpy as np

from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.landmarks import Points
from sign_recognition.sources.signer_script import Performance, SignerScript
from sign_recognition.training.scenes import Performed, Scene
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.strokes import find_stroke
from sign_recognition.vocabulary import GESTURES

# Whom users and tests are shown has a small seed; nobody is both trained on and shown.
_SEEDS = (2**20, 2**31)
_REST_S = (1.5, 4.5)
# In so much time, a rest included, any gesture of the script is over.
_LONGEST_S = 10.0
# From wrist to the middle finger's knuckle.
_HAND_LENGTH_M = (0.085, 0.1)


def scripted_scene(gestures: int, rng: Rng) -> Scene:
    """A scene in which one such person performs.

    Args:
        gestures: how many, 1 or more.
        rng: the source of chance; draws the person.
    """
    script = SignerScript(
        GESTURES, None, seed=int(rng.integers(*_SEEDS)), rest_s=_REST_S, left_handed=False
    )
    performances = script.performances(gestures * _LONGEST_S)[:gestures]
    end_s = performances[-1].end_s + rng.uniform(0.3, 1.5)
    joints = [script.pose_at(time_s).joints for time_s in np.arange(0, end_s, 1 / RATE_HZ)]
    hand = np.asarray(np.stack(joints) * rng.uniform(*_HAND_LENGTH_M), np.float32)
    performed = tuple(_performed(each, hand) for each in performances)
    # On its way back, and on its way to the next, a hand looks like one that performs.
    ways_s = [(each.end_s, each.start_s - rng.uniform(0, 1)) for each in performances]
    return Scene(hand, performed, tuple(time_s for way_s in ways_s for time_s in way_s))


def _performed(performance: Performance, hand: Points) -> Performed:
    """Where in a scene the stroke of a performance lies."""
    begin, end = (round(time_s * RATE_HZ) for time_s in (performance.start_s, performance.end_s))
    stroke = find_stroke(hand[begin : end + 1], performance.label)
    return Performed(
        performance.label, (begin + stroke.begin) / RATE_HZ, (begin + stroke.done) / RATE_HZ
    )
