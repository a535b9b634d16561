"""Augmentation as named steps on a batch of windows; a configuration lists them in their order.

A step takes a batch and a seed (2,) int32 and gives a batch of the same shape and dtype: landmarks
(B, T, 75, 3) float32 with NaN for not seen, or images (B, T, H, W, 3) uint8. It runs inside
tf.data, draws for each clip by itself, and gives the same for the same seed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.interpolate import CubicSpline

from sign_recognition.landmarks import LEFT_HAND, OPPOSITE_SIDE, PALM_JOINTS, POSE, RIGHT_HAND
from sign_recognition.training.settings import NUMBER, POSITIVE
from sign_recognition.training.stream_augmentation import TOWARDS_CAMERA

Step = Callable[..., Any]
# What the words of a label with a direction say.
_DIRECTIONS = {
    'left', 'leftward', 'leftwards', 'right', 'rightward', 'rightwards',
    'cw', 'ccw', 'clockwise', 'counterclockwise', 'anticlockwise',
}  # fmt: skip
# Also those of swipe_left, SwipeLeft, turnCCW and left2.
_WORD = re.compile(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+')
_DIRECTED_STEPS = ('mirror', 'flip')
# Of a step, the options that are factors.
_FACTORS = ('low', 'high')
_NEAREST_M = 0.12
_X_SIGN = np.array((-1, 1, 1), np.float32)


class AugmentationError(ValueError):
    """A list of steps cannot be followed; names the step, the value and what is allowed."""


def chain(
    steps: Sequence[Mapping[str, Mapping[str, Any] | None]],
    labels: Sequence[str],
    space: str,
    images: bool = False,
) -> Callable[[Any, Any], Any]:
    """The function that a list of steps describes.

    Args:
        steps: each a mapping of one name to its options, as `{rotate: {degrees: 10}}`.
        labels: of the clips; a mirror image of a labelled direction would be another label.
        space: of the landmarks, as in ModelContract.
        images: the steps are for images.

    Returns:
        (batch, seed (2,) int32) -> batch.

    Raises:
        AugmentationError: a step is not known, has no such option, or the labels forbid it.
    """
    functions = []
    for step in steps:
        functions.append(_bind(step, labels, space, images))
        # What the camera sees is an image, in metres no more.
        space = 'image' if 'virtual_camera' in step else space

    def augment(batch: Any, seed: Any) -> Any:
        seeds = _split(seed, max(len(functions), 1))
        for function, own_seed in zip(functions, seeds, strict=False):
            batch = function(batch, own_seed)
        return batch

    return augment


def _bind(
    step: Mapping[str, Mapping[str, Any] | None], labels: Sequence[str], space: str, images: bool
) -> Step:
    if not isinstance(step, Mapping) or len(step) != 1:
        raise AugmentationError(f'augment: {step!r}, allowed is one name with its options')
    ((name, given),) = step.items()
    known = IMAGE_STEPS if images else LANDMARK_STEPS
    if name not in known:
        raise AugmentationError(f'augment: {name!r}, known are {", ".join(known)}')
    function, options = known[name], dict(given or {})
    if name in _DIRECTED_STEPS:
        _check_directions(name, labels, options.pop('directed', ()))
    allowed = [*inspect.signature(function).parameters][2:]
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        raise AugmentationError(f'augment: {name} has no {unknown}, allowed are {allowed}')
    for option, value in options.items():
        kind = POSITIVE if option in _FACTORS else NUMBER
        if not kind.fits(value):
            told = f'augment: {name}: {option}: {value!r}'
            raise AugmentationError(f'{told}, allowed is {kind.allowed}')
    if name == 'mirror' and space != 'image':
        options.setdefault('middle', 0.0)
    return lambda batch, seed: function(batch, seed, **options)


def _check_directions(name: str, labels: Sequence[str], directed: Sequence[str]) -> None:
    """Refuse what would teach that left is right."""
    refused = [each for each in labels if each in directed or has_direction(each)]
    if refused:
        raise AugmentationError(
            f'augment: {name} would make other signs of {", ".join(refused)}; '
            'allowed where no label has a direction'
        )


def has_direction(label: str) -> bool:
    """Whether the words of a label, however joined, say that its mirror twin is another sign."""
    return any(word.lower() in _DIRECTIONS for word in _WORD.findall(label))


def mirror(points: Any, seed: Any, share: float = 0.5, middle: float = 0.5) -> Any:
    """Some clips as their mirror twins: what the left hand did, the right hand does.

    Args:
        points: (B, T, 75, 3).
        seed: (2,).
        share: of the clips.
        middle: x of the mirror; 0.5 is the image's middle.
    """
    flipped = points * _X_SIGN + np.array((2 * middle, 0, 0), np.float32)
    twins = tf.gather(flipped, OPPOSITE_SIDE, axis=2)
    return tf.where(_some(seed, points, share), twins, points)


def rotate(points: Any, seed: Any, degrees: float = 15.0, tilt_degrees: float = 0.0) -> Any:
    """Turned about its middle: in the image by up to `degrees`, out of it by `tilt_degrees`."""
    limits = np.deg2rad([tilt_degrees, tilt_degrees, degrees]).astype(np.float32)
    angles = _uniform(seed, (tf.shape(points)[0], 3), -1.0, 1.0) * limits
    middle = _middle(points)
    return _turn(points - middle, angles) + middle


def shift(points: Any, seed: Any, amount: float = 0.1) -> Any:
    """Elsewhere by up to `amount` on each axis, in the unit of the points."""
    return points + _uniform(seed, (tf.shape(points)[0], 1, 1, 3), -amount, amount)


def scale(points: Any, seed: Any, low: float = 0.8, high: float = 1.25) -> Any:
    """Larger or smaller about its middle."""
    middle = _middle(points)
    factor = tf.exp(_uniform(seed, (tf.shape(points)[0], 1, 1, 1), np.log(low), np.log(high)))
    return (points - middle) * factor + middle


def noise(points: Any, seed: Any, sigma: float = 0.004) -> Any:
    """Each coordinate trembles from frame to frame by `sigma`, in the unit of the points."""
    return points + tf.random.stateless_normal(tf.shape(points), seed, 0.0, sigma)


def crop(points: Any, seed: Any, least: float = 0.75) -> Any:
    """A part of the clip, at least a share `least` of it, stretched to the window."""
    clips, frames = tf.shape(points)[0], points.shape[1]
    first_seed, second_seed = _split(seed, 2)
    length = _uniform(first_seed, (clips, 1), least, 1.0)
    begin = _uniform(second_seed, (clips, 1), 0.0, 1.0) * (1.0 - length)
    return _read_at(points, (begin + length * _ramp(frames)) * (frames - 1))


def speed(points: Any, seed: Any, low: float = 0.8, high: float = 1.25) -> Any:
    """Faster or slower up to its last frame; what a faster clip lacks before it is NaN."""
    clips, last = tf.shape(points)[0], points.shape[1] - 1
    factor = tf.exp(_uniform(seed, (clips, 1), np.log(low), np.log(high)))
    return _read_at(points, last * (1.0 - factor * (1.0 - _ramp(last + 1))))


def drop_frames(points: Any, seed: Any, share: float = 0.1) -> Any:
    """Frames in which the tracker saw nothing, up to a share of each clip."""
    share_seed, frame_seed = _split(seed, 2)
    clips, frames = tf.shape(points)[0], tf.shape(points)[1]
    limit = _uniform(share_seed, (clips, 1, 1, 1), 0.0, share)
    lost = _uniform(frame_seed, (clips, frames, 1, 1), 0.0, 1.0) < limit
    return tf.where(lost, np.float32(np.nan), points)


def drop_hand(points: Any, seed: Any, share: float = 0.1, least: float = 0.1) -> Any:
    """In some clips a hand is lost for a while, of at least a share `least` of the clip."""
    clips, frames = tf.shape(points)[0], points.shape[1]
    some_seed, hand_seed, length_seed, begin_seed = _split(seed, 4)
    length = _uniform(length_seed, (clips, 1, 1, 1), least, 1.0)
    begin = _uniform(begin_seed, (clips, 1, 1, 1), 0.0, 1.0) * (1.0 - length)
    place = _ramp(frames)[:, None, None]
    meanwhile = (place >= begin) & (place <= begin + length)
    is_left = _uniform(hand_seed, (clips, 1, 1, 1), 0.0, 1.0) < 0.5
    hand = tf.where(is_left, _mask(LEFT_HAND), _mask(RIGHT_HAND))
    lost = _some(some_seed, points, share) & meanwhile & hand
    return tf.where(lost, np.float32(np.nan), points)


def stretch(points: Any, seed: Any, low: float = 0.88, high: float = 1.14) -> Any:
    """Wider or narrower about its middle, for an image whose shape was guessed."""
    middle = _middle(points)
    factor = tf.exp(_uniform(seed, (tf.shape(points)[0], 1, 1, 1), np.log(low), np.log(high)))
    wider = tf.concat([factor, tf.ones_like(factor), tf.ones_like(factor)], axis=-1)
    return (points - middle) * wider + middle


def end_early(points: Any, seed: Any, share: float = 0.12) -> Any:
    """Up to a share of the window before its time: the last of the clip is not seen yet."""
    last = points.shape[1] - 1
    early = _uniform(seed, (tf.shape(points)[0], 1), 0.0, share)
    return _read_at(points, (_ramp(last + 1) - early) * last)


def stand_before(points: Any, seed: Any, share: float = 0.5) -> Any:
    """In some clips the time before they began is their first frame, standing still."""
    seen = tf.reduce_any(tf.math.is_finite(points), axis=(2, 3))
    first = tf.argmax(seen, axis=1, output_type=tf.int32)
    before = tf.range(points.shape[1])[None] < first[:, None]
    still = tf.gather(points, first[:, None], batch_dims=1)
    return tf.where(_some(seed, points, share) & before[:, :, None, None], still, points)


def vary_body(points: Any, seed: Any, sigma: float = 0.015) -> Any:
    """Another build: each point of the body elsewhere by `sigma`, the same in the whole clip."""
    moved = _normal(seed, (tf.shape(points)[0], 1, points.shape[2], 3), sigma)
    return tf.where(_mask(POSE), points + moved, points)


def vary_hands(
    points: Any,
    seed: Any,
    degrees: float = 8.0,
    size: float = 0.08,
    place: float = 0.015,
    shape: float = 0.004,
) -> Any:
    """Other hands, the same in the whole clip.

    Args:
        points: (B, T, 75, 3).
        seed: (2,).
        degrees: sigma of each hand's turn about its wrist.
        size: sigma of the logarithm of its size.
        place: sigma of its place, in the unit of the points.
        shape: sigma of each joint's place, in that unit.
    """
    clips, frames = tf.shape(points)[0], points.shape[1]
    turn_seed, size_seed, place_seed, shape_seed = _split(seed, 4)
    hands = tf.reshape(points[:, :, : POSE.start], (clips, frames, 2, 21, 3))
    wrist = hands[:, :, :, :1]
    angle = _normal(turn_seed, (clips, 1, 2, 1), np.deg2rad(degrees))
    turned = _turn_in_image(hands - wrist, angle)
    turned *= tf.exp(_normal(size_seed, (clips, 1, 2, 1, 1), size))
    moved = _normal(place_seed, (clips, 1, 2, 1, 3), place)
    moved += _normal(shape_seed, (clips, 1, 2, 21, 3), shape)
    hands = tf.reshape(wrist + turned + moved, (clips, frames, POSE.start, 3))
    return tf.concat([hands, points[:, :, POSE.start :]], axis=2)


def _turn_in_image(vectors: Any, angle: Any) -> Any:
    """Turned about the z axis by an angle that lacks the last axis, radians."""
    x, y, z = tf.unstack(vectors, axis=-1)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    return tf.stack([cosine * x - sine * y, sine * x + cosine * y, z + 0.0 * angle], axis=-1)


def drop_hand_frames(points: Any, seed: Any, share: float = 0.15) -> Any:
    """Single frames in which one hand was not found, up to a share of each clip."""
    share_seed, frame_seed = _split(seed, 2)
    clips, frames = tf.shape(points)[0], points.shape[1]
    limit = _uniform(share_seed, (clips, 1, 2), 0.0, share)
    lost = _uniform(frame_seed, (clips, frames, 2), 0.0, 1.0) < limit
    left, right = lost[..., 0, None, None], lost[..., 1, None, None]
    lost = (left & _mask(LEFT_HAND)) | (right & _mask(RIGHT_HAND))
    return tf.where(lost, np.float32(np.nan), points)


def warp(
    points: Any, seed: Any, amount: float = 0.4, crop: float = 0.12, whole: float = 0.3
) -> Any:
    """Now slower, now faster, and in part begun later and ended earlier.

    Args:
        points: (B, T, 75, 3).
        seed: (2,).
        amount: highest sigma of the logarithm of the speed.
        crop: highest share that is lost at either end.
        whole: share of the clips of which nothing is lost.
    """
    clips, frames = tf.shape(points)[0], points.shape[1]
    some_seed, crop_seed, amount_seed, speed_seed = _split(seed, 4)
    cut = tf.cast(_uniform(some_seed, (clips, 1), 0.0, 1.0) >= whole, tf.float32)
    lost = _uniform(crop_seed, (clips, 2), 0.0, crop) * cut
    sigma = _uniform(amount_seed, (clips, 1), 0.0, amount)
    speeds = tf.exp(_smooth(speed_seed, clips, frames, 1, 6)[..., 0] * sigma)
    passed = tf.cumsum(speeds, axis=1, exclusive=True)
    begin, end = lost[:, :1], 1.0 - lost[:, 1:]
    place = begin + (end - begin) * passed / passed[:, -1:]
    return _read_at(points, place * (frames - 1))


def reach(points: Any, seed: Any, low: float = 0.8, high: float = 1.25) -> Any:
    """A wider or a narrower path of the same hands."""
    clips, frames = tf.shape(points)[0], points.shape[1]
    factor = tf.exp(_uniform(seed, (clips, 1, 1, 1, 1), np.log(low), np.log(high)))
    hands = tf.reshape(points[:, :, : POSE.start], (clips, frames, 2, 21, 3))
    palms = tf.reduce_mean(tf.gather(hands, PALM_JOINTS, axis=3), axis=3, keepdims=True)
    seen = tf.math.is_finite(palms)
    total = tf.reduce_sum(tf.where(seen, palms, 0.0), axis=1, keepdims=True)
    middle = total / tf.maximum(tf.reduce_sum(tf.cast(seen, tf.float32), 1, keepdims=True), 1.0)
    moved = tf.reshape(hands + (palms - middle) * (factor - 1.0), (clips, frames, POSE.start, 3))
    return tf.concat([moved, points[:, :, POSE.start :]], axis=2)


def sway(
    points: Any, seed: Any, sigma: float = 0.003, fingers: float = 0.04, finger_sigma: float = 0.01
) -> Any:
    """Slow errors of a hand tracker: of each joint by up to `sigma`, of some fingers by more.

    Args:
        points: (B, T, 75, 3).
        seed: (2,).
        sigma: highest sigma of a joint's error, in the unit of the points.
        fingers: share of the fingers that are lost for the whole clip.
        finger_sigma: of their joints' errors.
    """
    clips, frames = tf.shape(points)[0], points.shape[1]
    amount_seed, joint_seed, some_seed, finger_seed = _split(seed, 4)
    amount = _uniform(amount_seed, (clips, 1, 1), 0.0, sigma)
    slow = amount * _smooth(joint_seed, clips, frames, POSE.start * 3, 16)
    lost = _uniform(some_seed, (clips, 1, 2, 5, 1), 0.0, 1.0) < fingers
    wrong = tf.reshape(_smooth(finger_seed, clips, frames, 120, 8), (clips, frames, 2, 5, 12))
    wrong = tf.reshape(tf.where(lost, wrong * finger_sigma, 0.0), (clips, frames, 2, 20, 3))
    # The wrist is no part of a finger.
    wrong = tf.pad(wrong, ((0, 0), (0, 0), (0, 0), (1, 0), (0, 0)))
    error = tf.reshape(slow, (clips, frames, POSE.start, 3)) + tf.reshape(
        wrong, (clips, frames, POSE.start, 3)
    )
    return tf.concat([points[:, :, : POSE.start] + error, points[:, :, POSE.start :]], axis=2)


def virtual_camera(
    points: Any,
    seed: Any,
    yaw_degrees: float = 25.0,
    pitch_degrees: float = 20.0,
    roll_degrees: float = 12.0,
    nearest_m: float = 0.35,
    farthest_m: float = 1.2,
) -> Any:
    """Joints in metres as a camera sees them, from a view of each clip's own: image widths.

    x and y are in perspective; the z of a hand is relative to its wrist, as MediaPipe has it, and
    the body's to its middle.
    """
    clips = tf.shape(points)[0]
    turn_seed, place_seed, lens_seed = _split(seed, 3)
    limits = np.deg2rad([pitch_degrees, yaw_degrees, roll_degrees]).astype(np.float32)
    angles = _uniform(turn_seed, (clips, 3), -1.0, 1.0) * limits
    distance = _uniform(lens_seed, (clips, 1, 1, 1), nearest_m, farthest_m)
    aside = _uniform(place_seed, (clips, 1, 1, 2), -0.25, 0.25) * distance
    scene = _turn(points - _middle(points), angles) + tf.concat([aside, distance], axis=-1)
    depth = tf.maximum(scene[..., 2:], _NEAREST_M)
    wrist = tf.concat(
        [
            tf.repeat(depth[:, :, LEFT_HAND][:, :, :1], 21, axis=2),
            tf.repeat(depth[:, :, RIGHT_HAND][:, :, :1], 21, axis=2),
            tf.zeros_like(depth[:, :, POSE]) + distance,
        ],
        axis=2,
    )
    return tf.concat([scene[..., :2] / depth + 0.5, (depth - wrist) / wrist], axis=-1)


def tracker(points: Any, seed: Any, least: float = 0.005, most: float = 0.03) -> Any:
    """Hands in an image as a tracker tells them: depth is guessed, joints tremble and are wrong.

    What `guess_depth` and `tracker_noise` of stream_augmentation do to hands of streams.

    Args:
        points: (B, T, 75, 3) image widths, z of a hand relative to its wrist.
        seed: (2,).
        least: trembling of the surest hand, in palm lengths.
        most: of the least sure one; slow and lasting errors are twice as large, in depth three
            times as large as beside it.
    """
    clips, frames = tf.shape(points)[0], points.shape[1]
    seeds = _split(seed, 7)
    hands = tf.reshape(points[:, :, : POSE.start], (clips, frames, 2, 21, 3))
    length = _palm_length(hands)
    share = _uniform(seeds[0], (clips, 1, 2, 1), 0.2, 1.0)
    towards = _uniform(seeds[1], (clips, 1, 2, 1), -0.4, 1.5) * TOWARDS_CAMERA
    depth = share * hands[..., 2] - length[..., 0] * towards
    guessed = tf.concat([hands[..., :2], depth[..., None]], axis=-1)
    amount = length * _uniform(seeds[2], (clips, 1, 2, 1, 1), least, most)
    shape = (clips, frames, 2, 21, 3)
    wrong = _normal(seeds[3], shape, 1.0)
    wrong += 2.0 * tf.reshape(_smooth(seeds[4], clips, frames, 126, 8), shape)
    wrong += _normal(seeds[5], (clips, frames, 2, 1, 3), 0.5)
    wrong += _normal(seeds[6], (clips, 1, 2, 21, 3), 2.0)
    tracked = guessed + amount * wrong * np.array((1, 1, 3), np.float32)
    tracked = tf.reshape(tracked, (clips, frames, POSE.start, 3))
    return tf.concat([tracked, points[:, :, POSE.start :]], axis=2)


def _palm_length(hands: Any) -> Any:
    """(B, 1, 2, 1, 1) of hands (B, T, 2, 21, 3) in the image, the mean of the frames; 0 unseen."""
    way = hands[..., 9:10, :2] - hands[..., :1, :2]
    lengths = tf.sqrt(tf.reduce_sum(way**2, axis=-1, keepdims=True))
    seen = tf.math.is_finite(lengths)
    total = tf.reduce_sum(tf.where(seen, lengths, 0.0), axis=1, keepdims=True)
    count = tf.reduce_sum(tf.cast(seen, tf.float32), axis=1, keepdims=True)
    return total / tf.maximum(count, 1.0)


def image_crop(images: Any, seed: Any, least: float = 0.8) -> Any:
    """A part of the image, the same in all frames of a clip, at its full size again."""
    clips, frames, height, width = _image_shape(images)
    first_seed, second_seed = _split(seed, 2)
    size = _uniform(first_seed, (clips, 1), least, 1.0)
    corner = _uniform(second_seed, (clips, 2), 0.0, 1.0) * (1.0 - size)
    boxes = tf.repeat(tf.concat([corner, corner + size], axis=1), frames, axis=0)
    flat = tf.reshape(images, (clips * frames, height, width, 3))
    cropped = tf.image.crop_and_resize(
        flat, boxes, tf.range(clips * frames), (images.shape[2], images.shape[3])
    )
    return _to_pixels(tf.reshape(cropped, tf.shape(images)))


def contrast(images: Any, seed: Any, low: float = 0.7, high: float = 1.4) -> Any:
    """More or less contrast."""
    factor = tf.exp(_uniform(seed, (tf.shape(images)[0], 1, 1, 1, 1), np.log(low), np.log(high)))
    pixels = tf.cast(images, tf.float32)
    mean = tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
    return _to_pixels((pixels - mean) * factor + mean)


def brightness(images: Any, seed: Any, amount: float = 0.2) -> Any:
    """Brighter or darker by up to a share of the whole range."""
    added = _uniform(seed, (tf.shape(images)[0], 1, 1, 1, 1), -255 * amount, 255 * amount)
    return _to_pixels(tf.cast(images, tf.float32) + added)


def blur(images: Any, seed: Any, share: float = 0.3) -> Any:
    """Some clips out of focus."""
    clips, frames, height, width = _image_shape(images)
    flat = tf.reshape(tf.cast(images, tf.float32), (clips * frames, height, width, 3))
    padded = tf.pad(flat, ((0, 0), (1, 1), (1, 1), (0, 0)), 'SYMMETRIC')
    soft = tf.nn.avg_pool2d(padded, 3, 1, 'VALID')
    blurred = _to_pixels(tf.reshape(soft, tf.shape(images)))
    return tf.where(_some(seed, images, share), blurred, images)


def flip(images: Any, seed: Any, share: float = 0.5) -> Any:
    """Some clips as their mirror images."""
    return tf.where(_some(seed, images, share), tf.reverse(images, [3]), images)


LANDMARK_STEPS: dict[str, Step] = {
    each.__name__: each
    for each in (
        mirror, rotate, shift, scale, stretch, noise, crop, speed, end_early, stand_before,
        vary_body, vary_hands,
        warp, reach, sway,
        drop_frames, drop_hand, drop_hand_frames, virtual_camera, tracker,
    )
}  # fmt: skip
IMAGE_STEPS: dict[str, Step] = {
    'crop': image_crop,
    **{each.__name__: each for each in (contrast, brightness, blur, flip)},
}


def _split(seed: Any, count: int) -> list[Any]:
    return tf.unstack(tf.random.experimental.stateless_split(seed, count))  # type: ignore[no-any-return]


def _uniform(seed: Any, shape: Any, low: float, high: float) -> Any:
    return tf.random.stateless_uniform(shape, seed, low, high)


def _normal(seed: Any, shape: Any, sigma: float) -> Any:
    return tf.random.stateless_normal(shape, seed, 0.0, sigma)


def _smooth(seed: Any, clips: Any, frames: int, channels: int, knots: int) -> Any:
    """(B, T, channels) of sigma about 1, that changes its mind `knots` times."""
    spline = CubicSpline(np.linspace(0, frames - 1, knots), np.eye(knots))
    weights = tf.constant(spline(np.arange(frames)).astype(np.float32))
    return tf.einsum('tk,bkc->btc', weights, _normal(seed, (clips, knots, channels), 1.0))


def _some(seed: Any, batch: Any, share: float) -> Any:
    """(B, 1, ...) true for a share of the clips."""
    shape = (tf.shape(batch)[0], *[1] * (len(batch.shape) - 1))
    return _uniform(seed, shape, 0.0, 1.0) < share


def _ramp(frames: int) -> Any:
    return tf.linspace(0.0, 1.0, frames)


def _mask(part: slice) -> Any:
    """(75, 1) true for the points of a part."""
    mask = np.zeros((75, 1), bool)
    mask[part] = True
    return tf.constant(mask)


def _middle(points: Any) -> Any:
    """(B, 1, 1, 3) mean of what was seen; 0 where nothing was."""
    seen = tf.math.is_finite(points)
    total = tf.reduce_sum(tf.where(seen, points, 0.0), axis=(1, 2), keepdims=True)
    count = tf.reduce_sum(tf.cast(seen, tf.float32), axis=(1, 2), keepdims=True)
    return total / tf.maximum(count, 1.0)


def _turn(points: Any, angles: Any) -> Any:
    """Turned about the x, the y, and then the z axis by angles (B, 3), radians."""
    (a, b, c), (d, e, f) = (tf.unstack(each(angles), axis=1) for each in (tf.cos, tf.sin))
    one, zero = tf.ones_like(a), tf.zeros_like(a)
    about_x = _matrix(one, zero, zero, zero, a, -d, zero, d, a)
    about_y = _matrix(b, zero, e, zero, one, zero, -e, zero, b)
    about_z = _matrix(c, -f, zero, f, c, zero, zero, zero, one)
    return tf.einsum('btpi,bji->btpj', points, about_z @ about_y @ about_x)


def _matrix(*entries: Any) -> Any:
    """(B, 3, 3) of nine (B,)."""
    return tf.reshape(tf.stack(entries, axis=1), (-1, 3, 3))


def _read_at(points: Any, places: Any) -> Any:
    """Clips at other frames (B, T), fractions between two; before the first frame NaN.

    Where only the nearer frame sees a point it is that one's, as in SequenceBuffer.
    """
    last = points.shape[1] - 1
    inside = tf.clip_by_value(places, 0.0, float(last))
    before = tf.floor(inside)
    share = (inside - before)[:, :, None, None]
    first = tf.gather(points, tf.cast(before, tf.int32), batch_dims=1)
    after = tf.cast(tf.minimum(before + 1.0, float(last)), tf.int32)
    second = tf.gather(points, after, batch_dims=1)
    between = first * (1.0 - share) + second * share
    nearer = tf.where(share < 0.5, first, second)
    read = tf.where(tf.math.is_nan(between), nearer, between)
    return tf.where((places < -1e-3)[:, :, None, None], np.float32(np.nan), read)


def _image_shape(images: Any) -> tuple[Any, Any, Any, Any]:
    shape = tf.shape(images)
    return shape[0], shape[1], shape[2], shape[3]


def _to_pixels(values: Any) -> Any:
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)
