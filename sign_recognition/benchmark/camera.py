"""A scene before a webcam: landmarks at uneven times, with frames dropped and hands lost."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from sign_recognition.benchmark.scenes import Scene
from sign_recognition.datasets.shrec17 import RATE_HZ
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND, LandmarkFrame, Points, empty_points
from sign_recognition.training.stream_augmentation import (
    Floats,
    Rng,
    VirtualCamera,
    guess_depth,
    resample,
    smooth_noise,
    tracker_noise,
)

SIZE_PX = (640, 480)
# The image's height, in its widths.
_HEIGHT = SIZE_PX[1] / SIZE_PX[0]
# A person stands where gestures fit into the view: within this distance from the image's middle.
_REACH = (0.42, 0.3)
_JITTER_SHARE = 0.15
_DROPPED_SHARE = 0.05
_STALLS_PER_S, _STALL_S = 1 / 20, (0.15, 0.4)
# A hand that moves faster than this is blurred, image widths a second, and is lost now and then.
_BLURRED_PER_S = 0.8
_LOST_WHEN_BLURRED = 0.4
_LOST_S = (0.07, 0.3)
_LOST_PER_S = 1 / 30
# Share of the views in which another hand rests beside, and in which it is taken for the first.
_SECOND_HAND, _CONFUSED = 0.25, 0.1


def stamps(duration_s: float, rate_hz: float, rng: Rng) -> Floats:
    """(N,) seconds from 0 at which images come: uneven, some dropped, now and then a stall."""
    times_s = np.arange(0, duration_s, 1 / rate_hz)
    times_s[1:] += rng.uniform(-_JITTER_SHARE, _JITTER_SHARE, len(times_s) - 1) / rate_hz
    kept = rng.random(len(times_s)) >= _DROPPED_SHARE
    for _ in range(rng.poisson(duration_s * _STALLS_PER_S)):
        begin_s = rng.uniform(0, duration_s)
        kept &= (times_s < begin_s) | (times_s > begin_s + rng.uniform(*_STALL_S))
    kept[0] = True
    return np.asarray(times_s[kept])


def film(scene: Scene, left_handed: bool, rate_hz: float, view: int) -> list[LandmarkFrame]:
    """What a tracker makes of a scene.

    The camera, and when hands are lost, do not depend on the rate: other rates see the same.

    Args:
        scene: of the hand that performs; a left one where left_handed.
        left_handed: whose points these are.
        rate_hz: images per second.
        view: seed of the camera and the tracker.
    """
    lens = np.random.default_rng((view, 0))
    camera, centre_m = _place_camera(scene, lens)
    other = _second_hand(scene, left_handed, lens)
    visible = [_lose(camera.project(each, centre_m), lens) for each in (scene.hand, other)]
    times_s = stamps(scene.duration_s, rate_hz, np.random.default_rng((view, 1)))
    hands = [
        _track(image, times_s, np.random.default_rng((view, 2, side)))
        for side, image in enumerate(visible)
    ]
    if lens.random() < _CONFUSED:
        begin_s, end_s = np.sort(lens.uniform(0, scene.duration_s, 2))
        swapped = ((times_s >= begin_s) & (times_s < end_s))[:, None, None]
        hands = [np.where(swapped, hands[1 - side], hands[side]) for side in range(2)]
    return landmark_frames(times_s, *(hands if left_handed else reversed(hands)))


def landmark_frames(times_s: Floats, left: Points, right: Points) -> list[LandmarkFrame]:
    """Frames of two hands, (N, 21, 3) image widths each, in the selfie view."""
    frames = []
    for time_s, one, other in zip(times_s, left, right, strict=True):
        points = empty_points()
        points[LEFT_HAND], points[RIGHT_HAND] = one, other
        frames.append(LandmarkFrame(round(time_s * 1e9), SIZE_PX, points))
    return frames


def _place_camera(scene: Scene, rng: Rng) -> tuple[VirtualCamera, Floats]:
    """A camera as people put them, far enough off for the gestures, and what it looks at."""
    yaw, pitch, roll = rng.normal(0, (12, 10, 5)).clip(-25, 25)
    focal, distance_m = rng.uniform(0.65, 1.1), rng.uniform(0.45, 1.1)
    seen = scene.hand[np.isfinite(scene.hand[:, 0, 0])]
    centre_m = np.asarray(np.median(seen, axis=(0, 1)), np.float64)
    meant = [
        scene.hand[round(each.start_s * RATE_HZ) : round(each.end_s * RATE_HZ) + 1]
        for each in scene.truth
    ]
    reach_m = np.nanmax(np.abs(np.concatenate([*meant, seen[:1]]) - centre_m), axis=(0, 1))
    distance_m = max(distance_m, *(focal * reach_m[:2] / _REACH))
    aside_m = rng.uniform(-0.08, 0.08, 2) * distance_m / focal
    # Turned about y, then x, then z, as VirtualCamera.random does.
    rotation = Rotation.from_euler('yxz', (yaw, pitch, roll), degrees=True).as_matrix()
    return VirtualCamera(rotation, np.array([*aside_m, distance_m]), focal), centre_m


def _second_hand(scene: Scene, left_handed: bool, rng: Rng) -> Points:
    """(F, 21, 3) metres: the other hand, at rest beside the first; NaN where it is away."""
    away = np.full_like(scene.hand, np.nan)
    if rng.random() >= _SECOND_HAND:
        return away
    pose = scene.hand[0] * np.array((-1, 1, 1), np.float32)
    aside_m = rng.uniform(0.2, 0.35) * (1 if left_handed else -1)
    place = np.array((aside_m, rng.uniform(0, 0.15), 0))
    drift = smooth_noise(rng, len(scene.hand), 3, 15) * rng.uniform(0.001, 0.01)
    begin = rng.integers(len(away)) if rng.random() < 0.4 else 0
    away[begin:] = (pose + place + drift[:, None])[begin:]
    return away


def _lose(image: Points, rng: Rng) -> Points:
    """(F, 21, 3) at RATE_HZ with NaN where the hand is out of view, blurred, or lost by chance."""
    palm = image[:, (0, 9)].mean(axis=1)
    with np.errstate(invalid='ignore'):
        outside = (np.abs(palm[:, 0] - 0.5) > 0.5) | (np.abs(palm[:, 1] - 0.5) > _HEIGHT / 2)
        speed = np.linalg.norm(np.diff(palm[:, :2], axis=0, prepend=palm[:1, :2]), axis=1) * RATE_HZ
        blurred = speed > _BLURRED_PER_S
    lost = outside | (rng.random(len(image)) < rng.uniform(0, 0.04))
    begins = [*np.flatnonzero(np.diff(blurred.astype(int)) == 1)]
    begins = [begin for begin in begins if rng.random() < _LOST_WHEN_BLURRED]
    begins += [*rng.integers(0, len(image), rng.poisson(len(image) / RATE_HZ * _LOST_PER_S))]
    for begin in begins:
        lost[begin : begin + round(rng.uniform(*_LOST_S) * RATE_HZ)] = True
    return np.where(lost[:, None, None], np.float32(np.nan), image)


def _track(image: Points, times_s: Floats, rng: Rng) -> Points:
    """(N, 21, 3): a hand at other times, as MediaPipe is off; y from the image's upper edge."""
    seen = resample(image, np.arange(len(image)) / RATE_HZ, times_s)
    if np.isfinite(seen).any():
        seen = tracker_noise(guess_depth(seen, rng), rng)
    return seen - np.array((0, (1 - _HEIGHT) / 2, 0), np.float32)
