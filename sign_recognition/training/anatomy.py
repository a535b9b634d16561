"""Fits an anatomical hand to recorded 3D joints: joint angles instead of points.

A depth camera sees a bent finger flattened against the palm, its bones shortened, its tips jumping
from frame to frame. Trackers of images give a bent finger its full bones and move it smoothly. A
model that knows only the first kind takes the second for no gesture at all. A hand of fixed bones
and limited joints, fitted to the points over time, performs the same movement as a real hand would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from rich.console import Console
from rich.progress import track

from sign_recognition.atomic import whole_file
from sign_recognition.landmarks import PALM_JOINTS, Points
from sign_recognition.sources.hand_model import (
    BONES,
    FAN_DEG,
    HIGHEST_DEG,
    LOWEST_DEG,
    ROOTS,
    THUMB_ACROSS,
    Floats,
)
from sign_recognition.training.hand_motion import HandMotion

_CHAINS = np.arange(1, 21).reshape(5, 4)
_START_DEG = np.array([(15, 40, 20, 20)] + [(25, 0, 35, 20)] * 4, np.float32)
# Points farther off than this, in hand lengths, count by their distance and not by its square.
_OUTLIER = 0.04
# Depth along the palm's normal is what the camera flattens, so there a finger's joints count less.
_DEPTH_WEIGHT = 0.3
# Weights of the priors beside the data: smooth movement, end joints that bend 0.6 times as far as
# middle joints (Rijpkema & Girard 1991), fingers that do not spread, knuckles near ROOTS.
_SMOOTH, _COUPLED, _TOGETHER, _ANATOMICAL = 0.1, 0.002, 0.002, 0.02
_END_PER_MIDDLE = 0.6
_STEPS = 300
_LEARNING_RATE = 0.05


def fit_motions(hands: Sequence[Points], console: Console | None = None) -> list[HandMotion]:
    """The anatomical hands that come nearest to recorded ones.

    All clips are fitted at once by gradient descent (Adam) on joint angles, wrist and turn; it is
    deterministic and takes about 0.1 s a clip.

    Args:
        hands: (F, 21, 3) metres each, right hands, x to the right, y down, without NaN.
        console: where progress goes.
    """
    lengths = [float(np.median(np.linalg.norm(hand[:, 9] - hand[:, 0], axis=-1))) for hand in hands]
    scaled = [hand / length for hand, length in zip(hands, lengths, strict=True)]
    fit = _Fit(scaled)
    for _ in track(range(_STEPS), 'fitting hands', console=console, transient=True):
        fit.step()
    cuts = np.cumsum([len(hand) for hand in hands])[:-1]
    place, rotation, fingers_deg = (np.split(values, cuts) for values in fit.result())
    return [
        HandMotion(place[i] * length, rotation[i], fingers_deg[i], length)
        for i, length in enumerate(lengths)
    ]


def fit_cached(
    hands: Sequence[Points], cache: Path, console: Console | None = None
) -> list[HandMotion]:
    """As fit_motions; the result is kept in a file, and read from it while hands and code are the
    same."""
    frames = np.array([len(hand) for hand in hands])
    mark = _digest_of(hands)
    if cache.is_file():
        with np.load(cache) as saved:
            if str(saved['mark']) == mark:
                return _unpack(saved['values'], saved['lengths'], frames)
    motions = fit_motions(hands, console)
    values = np.concatenate([_pack(motion) for motion in motions])
    lengths = np.array([motion.length_m for motion in motions])
    cache.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(cache) as unfinished:
        np.savez(unfinished, values=values, lengths=lengths, mark=mark)
    return motions


def _digest_of(hands: Sequence[Points]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for hand in hands:
        digest.update(np.array(hand.shape).tobytes() + np.ascontiguousarray(hand).tobytes())
    return digest.hexdigest()


def _pack(motion: HandMotion) -> npt.NDArray[np.float32]:
    frames = len(motion.place_m)
    parts = (motion.place_m, motion.rotation, motion.fingers_deg)
    return np.concatenate([part.reshape(frames, -1) for part in parts], axis=1)


def _unpack(
    values: npt.NDArray[np.float32], lengths: Floats, frames: npt.NDArray[np.int64]
) -> list[HandMotion]:
    return [
        HandMotion(v[:, :3], v[:, 3:12].reshape(-1, 3, 3), v[:, 12:].reshape(-1, 5, 4), float(k))
        for v, k in zip(np.split(values, np.cumsum(frames)[:-1]), lengths, strict=True)
    ]


class _Fit:
    """Gradient descent on all frames of all clips. Lengths are hand lengths, angles radians."""

    def __init__(self, hands: Sequence[Points]) -> None:
        points = np.concatenate(hands).astype(np.float32)
        clip = np.concatenate([np.full(len(hand), i) for i, hand in enumerate(hands)])
        self._frames = len(points)
        self._points = tf.constant(points)
        self._bones = tf.constant(np.concatenate([_clip_bones(hand) for hand in hands]))
        self._within_clip = tf.constant((clip[2:] == clip[:-2]).astype(np.float32))
        depth_weight = np.where(np.isin(np.arange(21), PALM_JOINTS), 1.0, _DEPTH_WEIGHT)
        self._depth_weight = tf.constant(depth_weight[:, None].astype(np.float32))
        rotation, place = _place_palms(points)
        self._two_axes = tf.Variable(rotation[:, :, :2].transpose(0, 2, 1).reshape(-1, 6))
        self._place = tf.Variable(place)
        share = (_START_DEG - LOWEST_DEG) / (HIGHEST_DEG - LOWEST_DEG)
        start = np.log(share / (1 - share)).astype(np.float32)
        self._logits = tf.Variable(np.tile(start, (len(points), 1, 1)))
        self._roots = tf.Variable(ROOTS.astype(np.float32))
        self._optimizer = tf.keras.optimizers.Adam(_LEARNING_RATE)

    def result(self) -> tuple[npt.NDArray[np.float32], ...]:
        """Place (N, 3), rotation (N, 3, 3) and joint angles in degrees (N, 5, 4)."""
        angles = np.degrees(self._angles().numpy())
        return self._place.numpy(), self._rotation().numpy(), angles

    @tf.function  # type: ignore[untyped-decorator]
    def step(self) -> None:
        variables = [self._two_axes, self._place, self._logits, self._roots]
        with tf.GradientTape() as tape:
            # Adam's epsilon would swallow the gradients of a mean over so many frames.
            loss = self._frames * self._loss()
        gradients = tape.gradient(loss, variables)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def _loss(self) -> tf.Tensor:
        rotation, angles = self._rotation(), self._angles()
        joints = _joints(angles, self._bones, self._roots)
        placed = tf.einsum('nij,nkj->nki', rotation, joints) + self._place[:, None]
        return self._misfit(placed - self._points, rotation[:, :, 2]) + self._priors(angles)

    def _misfit(self, error: tf.Tensor, normal: tf.Tensor) -> tf.Tensor:
        depth = tf.reduce_sum(error * normal[:, None], axis=-1, keepdims=True)
        across = error - depth * normal[:, None]
        flattened = (self._depth_weight * depth)[..., 0]
        squared = tf.reduce_sum(across**2, axis=-1) + flattened**2
        return tf.reduce_mean(_OUTLIER * (tf.sqrt(1 + squared / _OUTLIER) - 1))

    def _priors(self, angles: tf.Tensor) -> tf.Tensor:
        smooth = tf.reduce_mean(self._within_clip[:, None, None] * _bend(angles) ** 2)
        smooth += tf.reduce_mean(self._within_clip[:, None] * _bend(self._two_axes) ** 2)
        fingers = angles[:, 1:]
        coupled = tf.reduce_mean((fingers[..., 3] - _END_PER_MIDDLE * fingers[..., 2]) ** 2)
        together = tf.reduce_mean(fingers[..., 1] ** 2)
        anatomical = tf.reduce_mean((self._roots - ROOTS.astype(np.float32)) ** 2)
        return (
            _SMOOTH * smooth + _COUPLED * coupled + _TOGETHER * together + _ANATOMICAL * anatomical
        )

    def _angles(self) -> tf.Tensor:
        lowest, highest = (np.radians(x).astype(np.float32) for x in (LOWEST_DEG, HIGHEST_DEG))
        return lowest + (highest - lowest) * tf.sigmoid(self._logits)

    def _rotation(self) -> tf.Tensor:
        """Two axes, made upright on each other, are a rotation without seams (Zhou et al. 2019)."""
        first = tf.math.l2_normalize(self._two_axes[:, :3], axis=-1)
        along = tf.reduce_sum(first * self._two_axes[:, 3:], axis=-1, keepdims=True)
        second = tf.math.l2_normalize(self._two_axes[:, 3:] - along * first, axis=-1)
        return tf.stack([first, second, tf.linalg.cross(first, second)], axis=-1)


def _bend(values: tf.Tensor) -> tf.Tensor:
    return values[2:] - 2 * values[1:-1] + values[:-2]


def _clip_bones(hand: Points) -> npt.NDArray[np.float32]:
    """(F, 5, 3) bone lengths of one clip: those of its less flattened frames, within reason."""
    lengths = np.linalg.norm(np.diff(hand[:, _CHAINS], axis=2), axis=-1)
    bones = np.clip(np.quantile(lengths, 0.8, axis=0), 0.7 * BONES, 1.5 * BONES)
    return np.tile(bones.astype(np.float32), (len(hand), 1, 1))


def _place_palms(points: Points) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Rotation and place of a resting palm that fits best (Kabsch 1976)."""
    palm = points[:, PALM_JOINTS]
    middle = palm.mean(axis=1, keepdims=True)
    rest = np.concatenate([np.zeros((1, 3)), ROOTS[1:]])
    rest_middle = rest.mean(axis=0)
    u, _, vt = np.linalg.svd(np.einsum('ki,nkj->nij', rest - rest_middle, palm - middle))
    v = vt.transpose(0, 2, 1)
    v[:, :, 2] *= np.sign(np.linalg.det(v @ u.transpose(0, 2, 1)))[:, None]
    rotation = v @ u.transpose(0, 2, 1)
    place = middle[:, 0] - rotation @ rest_middle
    return rotation.astype(np.float32), place.astype(np.float32)


def _joints(angles: tf.Tensor, bones: tf.Tensor, roots: tf.Tensor) -> tf.Tensor:
    """hand_model.hand_joints for TensorFlow: (N, 5, 4) radians to (N, 21, 3) hand lengths."""
    directions = tf.concat(
        [_thumb_directions(angles[:, 0])[:, None], _finger_directions(angles[:, 1:])], axis=1
    )
    frames = tf.shape(angles)[0]
    roots = tf.broadcast_to(roots[None, :, None], (frames, 5, 1, 3))
    steps = tf.concat([roots, directions * bones[..., None]], axis=2)
    joints = tf.reshape(tf.cumsum(steps, axis=2), (-1, 20, 3))
    return tf.concat([tf.zeros((frames, 1, 3)), joints], axis=1)


def _finger_directions(angles: tf.Tensor) -> tf.Tensor:
    fan = np.radians(FAN_DEG[1:, None]).astype(np.float32)
    spread = angles[..., 1:2] + fan
    flexion = tf.cumsum(tf.gather(angles, (0, 2, 3), axis=-1), axis=-1)
    reach = tf.cos(flexion)
    return tf.stack([tf.sin(spread) * reach, -tf.cos(spread) * reach, -tf.sin(flexion)], axis=-1)


def _thumb_directions(angles: tf.Tensor) -> tf.Tensor:
    out, aside, knuckle, end = tf.unstack(angles, axis=-1)
    level = tf.cos(out)
    base = tf.stack([-tf.sin(aside) * level, -tf.cos(aside) * level, -tf.sin(out)], axis=-1)
    across = tf.constant(THUMB_ACROSS, tf.float32)
    across -= base * tf.reduce_sum(base * across, axis=-1, keepdims=True)
    across = tf.math.l2_normalize(across, axis=-1)[:, None]
    flexion = tf.stack([tf.zeros_like(knuckle), knuckle, knuckle + end], axis=-1)[..., None]
    return tf.cos(flexion) * base[:, None] + tf.sin(flexion) * across
