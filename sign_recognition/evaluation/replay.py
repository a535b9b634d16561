"""Recordings through the recogniser: no ROS, no waiting, the same result every time."""

from __future__ import annotations

from collections.abc import Iterator

import cv2

from sign_recognition.decision import EventKind
from sign_recognition.detector import Detector
from sign_recognition.evaluation.events import Interval
from sign_recognition.recognizer import Recognition, Recognizer
from sign_recognition.sources.base import Source


def replay(source: Source, detector: Detector, recognizer: Recognizer) -> Iterator[Recognition]:
    """Recognise every image of a recorded or rendered source, as fast as it goes.

    Stamps are the source's own times, so no image is dropped and none is late.
    """
    while (capture := source.read()) is not None:
        image_rgb = cv2.cvtColor(capture.image_bgr, cv2.COLOR_BGR2RGB)
        frame = detector.detect(image_rgb, round(capture.time_s * 1e9))
        yield recognizer.step(frame)


def gestures(recognitions: Iterator[Recognition]) -> list[Interval]:
    """The gestures of a stream, from the image that announced each to the last that held it."""
    intervals: list[Interval] = []
    for recognition in recognitions:
        for event in recognition.events:
            at_s = event.stamp_ns / 1e9
            if event.kind is EventKind.START:
                intervals.append(Interval(event.label, at_s, at_s))
            else:
                intervals[-1] = Interval(event.label, intervals[-1].start_s, at_s)
    return intervals
