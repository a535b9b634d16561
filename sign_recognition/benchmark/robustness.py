"""What a model still knows when one thing at a time is other than usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from sign_recognition.benchmark.camera import SIZE_PX
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.datasets.shrec17 import RATE_HZ, Shrec17Clip
from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation.clip_figures import ClipFigures, clip_figures
from sign_recognition.evaluation.replay import trace
from sign_recognition.landmarks import (
    LEFT_HAND,
    POINT_COUNT,
    RIGHT_HAND,
    LandmarkFrame,
    Points,
)
from sign_recognition.parallel import Workers
from sign_recognition.recognizer import Classifier, Recognizer
from sign_recognition.sequence import clip_window
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    VirtualCamera,
    guess_depth,
    mirror_world,
    resample,
    tracker_noise,
)
from sign_recognition.vocabulary import MIRRORED

# No cell of the table shall be below this.
GOAL = 0.9
# The usual camera: upright before the hand, a webcam's lens.
_DISTANCE_M, _FOCAL = 0.6, 0.8
# After its clip the hand rests, and a model of streams may go on telling.
_REST_S = 0.5
# A hand is lost for some images in a row, on average so many.
_LOST_IN_A_ROW = 3.0


@dataclass(frozen=True)
class Condition:
    """What is other than usual.

    Attributes:
        group: row of the table.
        level: in words.
        rate_hz: of the camera.
        lost: share of the images in which no hand is found.
        left_hand: the mirror twin performs; gestures with a direction change their names.
        distance: from the camera, times the usual one.
        roll_deg: by which the hand is seen turned, clockwise.
        yaw_deg: by which it is seen turned about the upright axis.
        noise: of the landmarks, times what MediaPipe's is taken to be.
        speed: of the movement.
    """

    group: str
    level: str
    rate_hz: float = RATE_HZ
    lost: float = 0.0
    left_hand: bool = False
    distance: float = 1.0
    roll_deg: float = 0.0
    yaw_deg: float = 0.0
    noise: float = 1.0
    speed: float = 1.0


def conditions(space: str) -> list[Condition]:
    """All of them; of a model that reads 3D joints in metres, noise is unusual and distance is not.

    Args:
        space: of the model's contract: 'image' or 'world'.
    """
    usual = 0.0 if space == 'world' else 1.0
    found = [Condition('usual', '', noise=usual)]
    found += [Condition('rate', f'{hz} Hz', hz, noise=usual) for hz in (10, 15, 30, 60)]
    found += [
        Condition('no hand in', f'{p} % of the images', lost=p / 100, noise=usual)
        for p in (0, 10, 20, 30)
    ]
    found += [Condition('hand', 'left', left_hand=True, noise=usual)]
    if space == 'image':
        found += [Condition('distance', f'x {f:g}', distance=f) for f in (0.5, 1, 2)]
    found += [Condition('roll', f'{a:+d}°', roll_deg=a, noise=usual) for a in (-30, 30)]
    found += [Condition('yaw', f'{a:+d}°', yaw_deg=a, noise=usual) for a in (-30, 30)]
    found += [Condition('landmark noise', f'x {f:g}', noise=f) for f in (0, 1, 2)]
    return found + [Condition('speed', f'x {f:g}', noise=usual, speed=f) for f in (0.5, 1, 2)]


@dataclass(frozen=True)
class Cell:
    """One condition's figures.

    Attributes:
        condition: what was other than usual.
        figures: of all clips; 'none' was no answer.
    """

    condition: Condition
    figures: ClipFigures

    @property
    def by_label(self) -> Mapping[str, float]:
        """Share of the clips of each gesture that were named rightly, 0 to 1."""
        return {label: row.recall for label, row in self.figures.classes.items() if row.clips}


def measure(
    condition: Condition, classifier: Classifier, clips: Sequence[Shrec17Clip], seed: int
) -> Cell:
    """Name every clip under one condition.

    A model of streams sees the clip as a stream, and the gesture whose probabilities sum highest
    wins; a model of clips sees it as its contract says. 'none' is no answer.

    Args:
        condition: what is other than usual.
        classifier: the model.
        clips: of signers that the model never saw.
        seed: of the noise; the same noise under every condition.
    """
    contract = classifier.contract
    gestures = np.array([label != NONE_LABEL for label in contract.labels])
    rest_s = _REST_S if contract.space == 'image' and contract.clip_fit == 'newest' else 0.0
    shown, told = [], []
    for number, clip in enumerate(clips):
        rng = np.random.default_rng((seed, number))
        times_s, points = see(clip, condition, contract.space, rng, rest_s)
        told.append(np.where(gestures, _scores(classifier, times_s, points), -1.0))
        label = MIRRORED.get(clip.label, clip.label) if condition.left_hand else clip.label
        shown.append(label)
    signers = [clip.signer for clip in clips]
    figures = clip_figures(shown, np.array(told, np.float32), contract.labels, signers)
    return Cell(condition, figures)


def measure_each(
    wanted: Sequence[Condition], model: Path, clips: Sequence[Shrec17Clip], seed: int
) -> Iterator[Cell]:
    """A cell for each condition, on up to eight cores; what differs in name alone is measured once.

    Args:
        wanted: the conditions.
        model: the ONNX file.
        clips: of signers that the model never saw.
        seed: of the noise; the same noise under every condition.
    """
    nameless = [replace(each, group='', level='') for each in wanted]
    distinct = list(dict.fromkeys(nameless))
    known: dict[Condition, Cell] = {}
    with Workers(OnnxClassifier, model) as workers:
        measured = workers.map(partial(measure, clips=clips, seed=seed), distinct)
        for condition, key in zip(wanted, nameless, strict=True):
            if key not in known:
                known[key] = next(measured)
            yield replace(known[key], condition=condition)


def see(
    clip: Shrec17Clip, condition: Condition, space: str, rng: Rng, rest_s: float = 0.0
) -> tuple[Floats, Points]:
    """(N,) seconds and (N, 75, 3): a clip under a condition, in image widths or metres.

    Args:
        clip: in metres.
        condition: what is other than usual.
        space: 'image' or 'world'.
        rng: the source of chance.
        rest_s: how long the hand is seen at rest after the clip.
    """
    hand = clip.points[:, RIGHT_HAND]
    own_s = np.arange(len(hand)) / RATE_HZ / condition.speed
    times_s = np.arange(0, own_s[-1] + rest_s, 1 / condition.rate_hz)
    hand = resample(mirror_world(hand) if condition.left_hand else hand, own_s, times_s)
    angles = (condition.yaw_deg, 0, condition.roll_deg)
    rotation = Rotation.from_euler('yxz', angles, degrees=True).as_matrix()
    centre_m = hand.mean(axis=(0, 1), dtype=np.float64)
    if space == 'image':
        place_m = np.array((0, 0, _DISTANCE_M * condition.distance))
        image = VirtualCamera(rotation, place_m, _FOCAL).project(hand, centre_m)
        hand = guess_depth(image, rng)
    else:
        hand = ((hand - centre_m) @ rotation.T + centre_m).astype(np.float32)
    hand = hand + np.float32(condition.noise) * (tracker_noise(hand, rng) - hand)
    hand[_lost(len(hand), condition.lost, rng)] = np.nan
    points = np.full((len(hand), POINT_COUNT, 3), np.nan, np.float32)
    points[:, LEFT_HAND if condition.left_hand else RIGHT_HAND] = hand
    return times_s, points


def _lost(frames: int, share: float, rng: Rng) -> Floats:
    """(N,) bool: stretches without a hand, together `share` of the images."""
    lost = np.zeros(frames, bool)
    while lost.sum() < round(share * frames):
        begin = int(rng.integers(frames))
        missing = round(share * frames) - int(lost.sum())
        lost[begin : begin + min(int(rng.geometric(1 / _LOST_IN_A_ROW)), missing)] = True
    return lost


def _scores(classifier: Classifier, times_s: Floats, points: Points) -> Floats:
    """(classes,) what a model makes of a whole clip."""
    contract = classifier.contract
    if contract.space == 'image' and contract.clip_fit == 'newest':
        frames = [
            LandmarkFrame(round(time_s * 1e9), SIZE_PX, each)
            for time_s, each in zip(times_s, points, strict=True)
        ]
        told = trace(frames, Recognizer(classifier))
        return np.asarray(told.probabilities.sum(axis=0, dtype=np.float64))
    span = (contract.window_frames, contract.rate_hz)
    return classifier(clip_window(points, times_s, contract.clip_fit, *span))
