"""What a webcam and a hand tracker do to a hand: the way from 3D joints to landmarks.

Every function returns a new array and takes its randomness as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from sign_recognition.landmarks import PALM_JOINTS, Points

Rng = np.random.Generator
Floats = npt.NDArray[np.floating[Any]]
# The joint from which each joint's finger rises.
_FINGER_BASES = [0, *[1] * 4, *[5] * 4, *[9] * 4, *[13] * 4, *[17] * 4]
# By how much MediaPipe sets each joint nearer to the camera, hand lengths.
TOWARDS_CAMERA = np.array(
    (0, 0.1, 0.18, 0.28, 0.4, *(0.18, 0.34, 0.42, 0.46), *(0.2, 0.36, 0.44, 0.48))
    + (0.25, 0.38, 0.44, 0.48, 0.3, 0.38, 0.43, 0.46),
    np.float32,
)
_LARGEST_TURN = np.deg2rad(60)


@dataclass(frozen=True)
class VirtualCamera:
    """A pinhole camera in front of the person.

    Attributes:
        rotation: (3, 3) turns the scene about the hand's mean place.
        place_m: (3,) where that mean place lies before the camera; z is the distance.
        focal: focal length in image widths; 0.6 is a wide webcam, 1.2 a narrow one.
    """

    rotation: Floats
    place_m: Floats
    focal: float

    @classmethod
    def random(cls, rng: Rng) -> VirtualCamera:
        """A camera as people put them: about upright, hand 0.3 to 1.2 m away."""
        yaw, pitch, roll = np.deg2rad(rng.normal(0, (16, 13, 12)))
        distance_m = rng.uniform(0.35, 1.2)
        focal = rng.uniform(0.65, 1.2)
        sideways_m = rng.uniform(-0.25, 0.25, 2) * distance_m / focal
        return cls(
            _rotation(yaw, pitch, roll),
            np.array([*sideways_m, distance_m]),
            focal,
        )

    def project(self, hands: Points, centre_m: Floats) -> Points:
        """The landmarks that this camera sees.

        Args:
            hands: (..., 21, 3) metres, y down; NaN stays NaN.
            centre_m: (3,) the scene's mean place.

        Returns:
            (..., 21, 3) float32 image widths, z relative to the wrist like MediaPipe Hands.
        """
        scene = (hands - centre_m) @ self.rotation.T + self.place_m
        # No hand comes closer to the lens than this.
        depth = np.maximum(scene[..., 2:], 0.12)
        seen = scene * self.focal / depth
        wrist_depth = depth[..., :1, :]
        seen[..., :2] += 0.5
        seen[..., 2:] = self.focal * (depth - wrist_depth) / wrist_depth
        return np.asarray(seen, np.float32)


def _rotation(yaw: float, pitch: float, roll: float) -> Floats:
    (a, b, c), (d, e, f) = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    about_y = np.array([[a, 0, d], [0, 1, 0], [-d, 0, a]])
    about_x = np.array([[1, 0, 0], [0, b, -e], [0, e, b]])
    about_z = np.array([[c, -f, 0], [f, c, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def smooth_noise(rng: Rng, frames: int, columns: int, sigma: float) -> Floats:
    """(frames, columns) of noise with a variance near 1 and a memory of sigma frames."""
    noise = gaussian_filter1d(rng.normal(0, 1, (frames, columns)), sigma, axis=0, mode='wrap')
    return np.asarray(noise * np.sqrt(2 * sigma * np.sqrt(np.pi)))


def minimum_jerk(frames: int) -> Floats:
    """0 to 1 as arms move (Flash & Hogan 1985)."""
    t = np.linspace(0, 1, frames)
    return np.asarray(t**3 * (10 - 15 * t + 6 * t**2))


def mirror_world(hands: Points) -> Points:
    """The mirror twin: a right hand becomes a left hand."""
    return hands * np.array((-1, 1, 1), np.float32)


def stretch_path(hands: Points, gain: float) -> Points:
    """The same hand on a path that is `gain` times as large. hands: (F, 21, 3)."""
    palm = hands[:, PALM_JOINTS].mean(axis=1, keepdims=True)
    middle = palm.mean(axis=0, keepdims=True)
    return np.asarray(hands + np.float32(gain - 1) * (palm - middle))


def turn_with_path(hands: Points, rng: Rng) -> Points:
    """A hand that turns about its wrist while it travels, as an arm that pivots turns it.

    Args:
        hands: (F, 21, 3) metres.
        rng: the source of chance; draws the turn (about 25 degrees) that goes with 0.25 m.
    """
    wrist = hands[:, :1]
    turn_per_m = rng.normal(0, np.deg2rad(15), (3, 3)) / 0.25
    vectors = (wrist[:, 0] - wrist[:1, 0]) @ turn_per_m.T
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= np.minimum(1, _LARGEST_TURN / np.maximum(angle, 1e-9))
    matrices = Rotation.from_rotvec(vectors).as_matrix()
    turned = wrist + np.einsum('fij,fkj->fki', matrices, hands - wrist)
    return np.asarray(turned, np.float32)


def resize_hand(hands: Points, rng: Rng) -> Points:
    """Another person's hand: other size, other proportions of the fingers. hands: (..., 21, 3)."""
    wrist = hands[..., :1, :]
    fingers = np.repeat(rng.uniform(0.9, 1.1, 5), 4)
    gain = rng.uniform(0.85, 1.15) * np.concatenate(([1.0], fingers))
    return wrist + (hands - wrist) * gain[:, None].astype(np.float32)


def reshape_fingers(hands: Points, rng: Rng) -> Points:
    """Fingers as a tracker of images gives them, made of those of a depth camera.

    A depth camera flattens a bent finger against the palm and lets the tips jump from frame to
    frame; a tracker of images gives a bent finger its height and moves it smoothly.

    Args:
        hands: (F, 21, 3) metres, without NaN.
        rng: the source of chance; draws how smooth (0 to 3 frames) and how high (0.8 to 2.2 fold).
    """
    palm = hands[:, PALM_JOINTS].mean(axis=1, keepdims=True)
    shape = gaussian_filter1d(hands - palm, rng.uniform(0.3, 3.0), axis=0, mode='nearest')
    across = np.cross(shape[:, 5] - shape[:, 0], shape[:, 17] - shape[:, 0])
    normal = (across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-9))[:, None]
    height = ((shape - shape[:, _FINGER_BASES]) * normal).sum(axis=-1, keepdims=True)
    gain = np.exp(rng.uniform(np.log(0.8), np.log(2.2)))
    return np.asarray(palm + shape + (gain - 1) * height * normal, np.float32)


def guess_depth(hands: Points, rng: Rng) -> Points:
    """Depth as MediaPipe guesses it: less than the truth, and a finger always to the camera.

    On pictures whose truth is known (the rendered signer), MediaPipe's z of the fingertips follows
    the truth with a slope of 0.3 to 0.6 and a correlation of 0.5, and lies 0.5 hand lengths nearer
    to the camera; in the recordings of asl8 it lies 0.45 nearer, and differs by as much from person
    to person.

    Args:
        hands: (F, 21, 3) image widths, z relative to the wrist.
        rng: the source of chance.
    """
    guessed = hands.copy()
    towards = _length(hands) * rng.uniform(-0.4, 1.5) * TOWARDS_CAMERA
    guessed[..., 2] = rng.uniform(0.2, 1.0) * hands[..., 2] - towards
    return guessed


def tracker_noise(hands: Points, rng: Rng) -> Points:
    """Landmarks as a tracker gives them: trembling, and wrong for a while.

    Args:
        hands: (F, 21, 3) image widths.
        rng: the source of chance.

    Returns:
        (F, 21, 3): fast noise of 0.5 to 3 % of the hand's length on every joint, slow noise twice
        as large, a lasting error as large as both, and depth that is three times as bad.
    """
    frames = len(hands)
    length = _length(hands)
    if not np.isfinite(length):
        return hands.copy()
    amount = length * rng.uniform(0.005, 0.03)
    fast = rng.normal(0, amount, hands.shape)
    slow = gaussian_filter1d(rng.normal(0, 1, hands.shape), rng.uniform(2, 8), axis=0)
    slow *= 2 * amount / max(float(slow.std()), 1e-9)
    whole = gaussian_filter1d(rng.normal(0, 1, (frames, 1, 3)), 1.0, axis=0) * amount
    lasting = rng.normal(0, 2 * amount, (1, *hands.shape[1:]))
    noise = (fast + slow + whole + lasting) * (1, 1, 3)
    return np.asarray(hands + noise, np.float32)


def lose_frames(hands: Points, rng: Rng) -> Points:
    """NaN where a webcam loses the hand: now and then by chance, and where it moves fastest.

    Args:
        hands: (F, 21, 3) at the camera's rate.
        rng: the source of chance.
    """
    lost = hands.copy()
    frames = len(hands)
    if rng.random() < 0.3:
        lost[rng.random(frames) < rng.uniform(0, 0.15)] = np.nan
    for _ in range(rng.poisson(0.4)):
        _cut(lost, int(rng.integers(frames)), int(rng.integers(2, 9)))
    if rng.random() < 0.55:
        step = np.linalg.norm(np.diff(hands[:, 0, :2], axis=0, prepend=hands[:1, 0, :2]), axis=-1)
        limit = np.nanquantile(step, rng.uniform(0.8, 0.97)) if np.isfinite(step).any() else np.inf
        for frame in np.flatnonzero(step > limit):
            if rng.random() < 0.5:
                _cut(lost, int(frame), int(rng.integers(1, 9)))
    return lost


def wear_real_hand(image: Points, real: Points, rng: Rng) -> Points:
    """The path of one hand with the shape, the trembling and the gaps of another, really tracked.

    Without it a model learns that only invented hands make gestures, for all its real hands are
    'none'. Only gestures of the whole hand's path stay themselves.

    Args:
        image: (F, 21, 3) image widths, the path.
        real: (G, 21, 3) image widths of a tracked hand, at about the same rate.
        rng: the source of chance.

    Returns:
        (F, 21, 3); NaN where either hand was not seen.
    """
    there_and_back = np.concatenate((real, real[::-1]))
    first = int(rng.integers(len(there_and_back)))
    order = (first + np.arange(len(image))) % len(there_and_back)
    shape = there_and_back[order]
    middle = shape[:, PALM_JOINTS].mean(axis=1, keepdims=True)
    ratio = _length(image) / _length(real) * rng.uniform(0.9, 1.1)
    palm = image[:, PALM_JOINTS].mean(axis=1, keepdims=True)
    worn = (shape - middle) * np.float32(ratio) + palm
    return np.asarray(worn if np.isfinite(ratio) else image, np.float32)


def _length(hands: Points) -> float:
    """Median length of the palm in the image; NaN where the hand was never seen."""
    lengths = np.linalg.norm(hands[:, 9, :2] - hands[:, 0, :2], axis=-1)
    seen = lengths[np.isfinite(lengths)]
    return float(np.median(seen)) if seen.size else float('nan')


def _cut(hands: Points, begin: int, frames: int) -> None:
    hands[begin : begin + frames] = np.nan


def resample(hands: Points, stamps_s: Floats, wanted_s: Floats) -> Points:
    """Read a sequence at other times, as SequenceBuffer does.

    Between two frames that both see the hand it is interpolated, otherwise the nearer one counts.

    Args:
        hands: (F, ...) at stamps_s.
        stamps_s: (F,) increasing.
        wanted_s: (G,) times; outside the sequence its first or last frame is read.

    Returns:
        (G, ...) float32.
    """
    after = np.searchsorted(stamps_s, wanted_s).clip(1, len(stamps_s) - 1)
    before = after - 1
    share = (wanted_s - stamps_s[before]) / (stamps_s[after] - stamps_s[before])
    share = share.clip(0, 1).astype(np.float32).reshape(-1, *[1] * (hands.ndim - 1))
    between = hands[before] * (1 - share) + hands[after] * share
    nearer = np.where(share < 0.5, hands[before], hands[after])
    return np.where(np.isnan(between), nearer, between)


def camera_stamps(duration_s: float, rng: Rng) -> Floats:
    """Acquisition times of a webcam: 10 to 30 Hz, uneven, some frames dropped."""
    rate_hz = rng.choice((rng.uniform(10, 20), rng.uniform(20, 31)))
    stamps = np.arange(0, duration_s, 1 / rate_hz)
    stamps = stamps + rng.uniform(-0.2, 0.2, len(stamps)) / rate_hz
    kept = rng.random(len(stamps)) > rng.uniform(0, 0.08)
    return np.asarray(np.sort(stamps[kept]))
