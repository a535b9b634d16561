"""Where in a clip the gesture itself happens.

SHREC'17 clips begin before the gesture and often hold the movement back, and the public part of the
data set does not say where. A live recogniser must speak when the stroke is done, so training needs
to know. The rules here are this project's own, chosen by looking at the clips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, median_filter

from sign_recognition.landmarks import PALM_JOINTS, Points

Curve = npt.NDArray[np.float64]

# Direction of the stroke in metres, x to the right, y down.
_SWIPES = {
    'Swipe Right': (1, 0, 0),
    'Swipe Left': (-1, 0, 0),
    'Swipe Up': (0, -1, 0),
    'Swipe Down': (0, 1, 0),
}
# Gestures that are done when thumb and index finger have closed (-) or opened (+), whatever the
# other fingers do.
_APERTURES = {'Grab': -1, 'Pinch': -1, 'Expand': 1}
_THUMB_TIP, _INDEX_TIP = 4, 8
# A movement is done at this share of its way; fingers close quickly and then creep.
_DONE_SHARE, _CLOSED_SHARE = 0.9, 0.8
# At 30 Hz: most people who bring the hand back do it within this time.
_LONG_REST_FRAMES = 20


@dataclass(frozen=True)
class Stroke:
    """The part of a clip that is the gesture.

    Attributes:
        begin: frame where the movement begins.
        done: frame where it could be called complete, later than begin.
        end: frames of the clip that belong together; a swipe's way back after a long rest is cut
            off, for it is a swipe of its own.
    """

    begin: int
    done: int
    end: int


def find_stroke(hand: Points, label: str) -> Stroke:
    """The stroke of one clip.

    Args:
        hand: (F, 21, 3) float32 metres, y down; a fitted hand (anatomy.fit_motions), for the tips
            of a recorded one jump.
        label: a label of SHREC'17.
    """
    if label in _SWIPES:
        palm = hand[:, PALM_JOINTS].mean(axis=1)
        return _cut_late_return(_smooth(palm @ np.array(_SWIPES[label], np.float32)))
    if label in _APERTURES:
        aperture = np.linalg.norm(hand[:, _THUMB_TIP] - hand[:, _INDEX_TIP], axis=-1)
        return _rise(_smooth(_APERTURES[label] * aperture), _CLOSED_SHARE)
    return _busy_part(hand)


def _cut_late_return(curve: Curve) -> Stroke:
    stroke = _rise(curve)
    height = curve[stroke.done :].max() - curve[stroke.begin]
    back = np.flatnonzero(curve[stroke.done :] < curve[stroke.done] - 0.3 * height)
    if back.size and back[0] > _LONG_REST_FRAMES:
        return replace(stroke, end=stroke.done + _LONG_REST_FRAMES)
    return stroke


def _smooth(curve: npt.NDArray[np.floating[Any]]) -> Curve:
    """Without the depth camera's outliers of a frame or two."""
    smooth: Curve = gaussian_filter1d(median_filter(curve.astype(float), 5), 1.0)
    return smooth


def _rise(curve: Curve, done_share: float = _DONE_SHARE) -> Stroke:
    """From the foot to this share of the largest rise of a curve."""
    rise = curve - np.minimum.accumulate(curve)
    top = int(rise.argmax())
    foot = int(curve[: top + 1].argmin())
    height = curve[top] - curve[foot]
    climbing = np.arange(foot, top + 1)
    done = climbing[curve[climbing] >= curve[foot] + done_share * height][0]
    begin = climbing[curve[climbing] <= curve[foot] + 0.1 * height]
    begin = begin[begin < done]
    return _stroke(int(begin[-1]) if begin.size else foot, int(done), len(curve))


def _busy_part(hand: Points) -> Stroke:
    """From a twentieth to 85 % of all movement: the rest is the way back."""
    smooth = gaussian_filter1d(median_filter(hand, (5, 1, 1)), 1.0, axis=0)
    speed = np.linalg.norm(np.diff(smooth, axis=0), axis=-1).mean(axis=1)
    share = np.cumsum(speed) / max(float(speed.sum()), 1e-9)
    begin, done = np.searchsorted(share, (0.05, 0.85))
    return _stroke(int(begin), int(done), len(hand))


def _stroke(begin: int, done: int, frames: int) -> Stroke:
    done = min(max(done, 1), frames - 1)
    return Stroke(min(begin, done - 1), done, frames)
