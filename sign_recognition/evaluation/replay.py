"""Recordings through the recogniser: no ROS, no waiting, the same result every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.decision import DecisionPolicy, DecisionThresholds, EventKind
from sign_recognition.detector import Detector
from sign_recognition.evaluation.events import Detection, Interval
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.recognizer import Recognition, Recognizer
from sign_recognition.sequence import MAX_GAP_S
from sign_recognition.sources.base import Source


@dataclass(frozen=True)
class Trace:
    """What a recogniser made of one recording; times in seconds since its first image.

    Attributes:
        times_s: (N,) float64, of the images.
        probabilities: (N, classes) float32, in the order of the model's labels.
        detections: the gestures it told of, in order.
    """

    times_s: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float32]
    detections: tuple[Detection, ...]


def replay(source: Source, detector: Detector, recognizer: Recognizer) -> Iterator[Recognition]:
    """Recognise every image of a recorded or rendered source, as fast as it goes.

    Stamps are the source's own times, so no image is dropped and none is late.
    """
    return map(recognizer.step, detect(source, detector))


def detect(source: Source, detector: Detector) -> Iterator[LandmarkFrame]:
    """The landmarks of every image of a recorded or rendered source."""
    while (capture := source.read()) is not None:
        image_rgb = cv2.cvtColor(capture.image_bgr, cv2.COLOR_BGR2RGB)
        yield detector.detect(image_rgb, round(capture.time_s * 1e9))


def trace(frames: Iterable[LandmarkFrame], recognizer: Recognizer) -> Trace:
    """Recognise a recording step by step, as live, and keep what came of it.

    Args:
        frames: of one recording, in order.
        recognizer: fresh: it must not have seen another recording.
    """
    recognitions = [recognizer.step(frame) for frame in frames]
    origin_ns = recognitions[0].stamp_ns if recognitions else 0
    probabilities = [each.probabilities for each in recognitions]
    return Trace(
        np.array([(each.stamp_ns - origin_ns) / 1e9 for each in recognitions], np.float64),
        np.array(probabilities, np.float32).reshape(len(recognitions), len(recognizer.labels)),
        tuple(detections(recognitions, origin_ns)),
    )


def decide(
    times_s: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float32],
    labels: Sequence[str],
    thresholds: DecisionThresholds,
) -> Trace:
    """The events that a Recognizer would tell of probabilities that are known already.

    Args:
        times_s: (N,) of the images, from 0 on.
        probabilities: (N, classes) in the order of the labels.
        labels: of the model.
        thresholds: when scores become events.
    """
    policy = DecisionPolicy(labels, thresholds)
    recognitions, last_s = [], -np.inf
    for time_s, scores in zip(times_s, probabilities, strict=True):
        stamp_ns = round(time_s * 1e9)
        ended = policy.reset() if time_s - last_s > MAX_GAP_S else []
        recognitions.append(Recognition(stamp_ns, scores, [*ended, *policy.step(stamp_ns, scores)]))
        last_s = time_s
    return Trace(times_s, probabilities, tuple(detections(recognitions)))


def detections(recognitions: Iterable[Recognition], origin_ns: int = 0) -> list[Detection]:
    """The gestures of a stream.

    Args:
        recognitions: every step of it.
        origin_ns: the stamp that is time zero.
    """
    found: list[Detection] = []
    for recognition in recognitions:
        for event in recognition.events:
            at_s = (event.stamp_ns - origin_ns) / 1e9
            if event.kind is EventKind.START:
                start_s = (event.start_ns - origin_ns) / 1e9
                found.append(Detection(event.label, start_s, at_s, at_s, event.score))
            else:
                last = found[-1]
                found[-1] = Detection(last.label, last.start_s, last.announced_s, at_s, last.score)
    return found


def gestures(recognitions: Iterable[Recognition]) -> list[Interval]:
    """The gestures of a stream, from the image that announced each to the last that held it."""
    return [each.announced for each in detections(recognitions)]
