"""The moments at which a model was most wrong, with pictures of what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.drawing import LEFT_COLOUR, RIGHT_COLOUR, draw_hands
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.evaluate import Evaluation, Judged, ModelResult
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.metrics import Outcome
from sign_recognition.landmarks import LEFT_HAND, PALM_JOINTS, RIGHT_HAND, LandmarkFrame
from sign_recognition.pixels import PixelArray

_PICTURE_WIDTH_PX = 480
# Where there is no image, the skeleton is drawn on light paper.
_PAPER = 236
_FALSE_TRAIL_S = 1.0


@dataclass(frozen=True)
class Moment:
    """A missed gesture, or a false event.

    Attributes:
        judged: the recording.
        outcome: what the model made of it.
        label: the missed gesture's, or the false event's.
        score: of a false event when it was told; of a missed gesture the highest of its label.
        missed: it is a missed gesture.
        begins_s: of the stroke; of a false event a while before it was told.
        at_s: end of the stroke; when a false event was told.
        hand_seen: in which share of its images, 0 to 1; NaN without images.
    """

    judged: Judged
    outcome: Outcome
    label: str
    score: float
    missed: bool
    begins_s: float
    at_s: float

    @property
    def hand_seen(self) -> float:
        span = Interval(self.label, self.begins_s, self.at_s)
        return self.judged.recorded.hand_seen(span)


def worst_moments(evaluation: Evaluation, model: ModelResult, count: int) -> list[Moment]:
    """The surest false events and the gestures that were missed most clearly, in turn.

    Args:
        count: no more than so many.
    """
    index = evaluation.models.index(model)
    false, missed = [], []
    for judged in evaluation.recordings:
        if judged.known:
            outcome = judged.outcomes[index]
            false += _false_moments(judged, outcome)
            missed += _missed_moments(judged, outcome)
    false.sort(key=lambda each: -each.score)
    missed.sort(key=lambda each: each.score)
    half = count // 2
    chosen_false = false[: max(half, count - len(missed))]
    return [*missed[: count - len(chosen_false)], *chosen_false]


def pictures(moments: Sequence[Moment]) -> list[PixelArray]:
    """What each moment looked like: (H, W, 3) uint8 BGR, the image where the recording has one,
    with the hands' skeletons and the way that they came.

    Raises:
        OSError: a recording can no longer be read.
    """
    drawn: dict[int, PixelArray] = {}
    by_recording: dict[int, list[int]] = {}
    for number, moment in enumerate(moments):
        by_recording.setdefault(id(moment.judged), []).append(number)
    for numbers in by_recording.values():
        frames = {number: _frame_at(moments[number], moments[number].at_s) for number in numbers}
        recording = moments[numbers[0]].judged.recording
        images = recording.pictures({frame.stamp_ns for frame in frames.values()})
        for number, frame in frames.items():
            drawn[number] = _picture(moments[number], frame, images.get(frame.stamp_ns))
    return [drawn[number] for number in range(len(moments))]


def _false_moments(judged: Judged, outcome: Outcome) -> list[Moment]:
    return [
        Moment(
            judged, outcome, each.label, each.score, False,
            each.announced_s - _FALSE_TRAIL_S, each.announced_s,
        )
        for each in outcome.false
    ]  # fmt: skip


def _missed_moments(judged: Judged, outcome: Outcome) -> list[Moment]:
    return [
        Moment(
            judged, outcome, each.label, metrics.highest_score(outcome, each), True,
            each.start_s, each.end_s,
        )
        for each in metrics.missed(outcome)
    ]  # fmt: skip


def _frame_at(moment: Moment, at_s: float) -> LandmarkFrame:
    times_s = moment.outcome.trace.times_s
    return moment.judged.recorded.frames[int(np.abs(times_s - at_s).argmin())]


def _picture(moment: Moment, frame: LandmarkFrame, image_bgr: PixelArray | None) -> PixelArray:
    width, height = frame.size_px
    size_px = (_PICTURE_WIDTH_PX, round(_PICTURE_WIDTH_PX * height / width))
    if image_bgr is None:
        picture: PixelArray = np.full((size_px[1], size_px[0], 3), _PAPER, np.uint8)
    else:
        picture = cv2.resize(image_bgr, size_px, interpolation=cv2.INTER_AREA)
    for part, colour in ((LEFT_HAND, LEFT_COLOUR), (RIGHT_HAND, RIGHT_COLOUR)):
        _draw_trail(picture, _palms(moment, part), colour)
    draw_hands(picture, frame)
    return picture


def _palms(moment: Moment, part: slice) -> npt.NDArray[np.float32]:
    """(N, 2) where the palm was on its way to this moment, image widths; NaN where not seen."""
    times_s = moment.outcome.trace.times_s
    inside = np.flatnonzero((times_s >= moment.begins_s) & (times_s <= moment.at_s))
    frames = [moment.judged.recorded.frames[i].points[part][[*PALM_JOINTS], :2] for i in inside]
    palms: npt.NDArray[np.float32]
    palms = np.array(frames, np.float32).reshape(-1, len(PALM_JOINTS), 2).mean(axis=1)
    return palms


def _draw_trail(
    picture: PixelArray, palms: npt.NDArray[np.float32], colour: tuple[int, int, int]
) -> None:
    """A line that gets thicker towards the newest place."""
    points = palms * picture.shape[1]
    for number, (before, after) in enumerate(zip(points, points[1:], strict=False)):
        if np.isfinite([before, after]).all():
            thickness = 1 + round(6 * number / len(points))
            begin, end = (each.round().astype(int).tolist() for each in (before, after))
            cv2.line(picture, begin, end, colour, thickness, cv2.LINE_AA)
