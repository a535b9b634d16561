"""A recording with what was recognised drawn on it, as a video."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.detector import Detector
from sign_recognition.drawing import Image, Scene, draw_scene
from sign_recognition.motion import MotionController
from sign_recognition.recognizer import Recognizer
from sign_recognition.sources.base import Capture
from sign_recognition.sources.files import fit

# The live graph's images: landmarks of larger ones would differ a little from those seen live.
DETECTION_SIZE_PX = (640, 480)
# Narrower images are enlarged: nobody could read what is drawn on them.
_LEAST_WIDTH_PX = 480
_SHOWN_SCORES = 3


class Annotator:
    """Recognition and control of one recording on its own clock, drawn on its images.

    Args:
        detector: finds the landmarks.
        recognizer: tells the gestures.
        controller: tells what the robot would be told.
    """

    def __init__(
        self, detector: Detector, recognizer: Recognizer, controller: MotionController
    ) -> None:
        self._detector = detector
        self._recognizer = recognizer
        self._controller = controller
        self._gesture: GestureEvent | None = None

    def draw(self, capture: Capture) -> Image:
        """Take the next image of the recording.

        Returns:
            (H, W, 3) uint8, blue first: the image, at least 480 px across, drawn on.
        """
        image_bgr = _readable(capture.image_bgr)
        draw_scene(image_bgr, self._step(capture))
        return image_bgr

    def _step(self, capture: Capture) -> Scene:
        image_rgb = cv2.cvtColor(fit(capture.image_bgr, DETECTION_SIZE_PX), cv2.COLOR_BGR2RGB)
        frame = self._detector.detect(image_rgb, round(capture.time_s * 1e9))
        recognition = self._recognizer.step(frame, image_rgb)
        self._controller.heartbeat(frame.stamp_ns, frame.hands_seen, capture.time_s)
        for event in recognition.events:
            self._controller.gesture(event.kind, event.label, capture.time_s)
            self._gesture = None if event.kind is EventKind.END else event
        order = np.argsort(-recognition.probabilities)[:_SHOWN_SCORES]
        labels = self._recognizer.labels
        return Scene(
            time_s=capture.time_s,
            frame=frame,
            best=[(labels[i], float(recognition.probabilities[i])) for i in order],
            gesture=(self._gesture.label, self._gesture.score) if self._gesture else None,
            velocity=self._controller.step(capture.time_s),
            latched=self._controller.latched,
        )


class VideoWriter:
    """An mp4 file that is there when it is whole, and not before.

    A context: left without an error, the file is checked and gets its name; else nothing is left.

    Args:
        path: of the file; one that is there already is replaced.
        rate_hz: images per second.

    Raises:
        OSError: at the end: the file cannot be written, or does not open again; names it.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path = path
        path = path.absolute()  # FFmpeg takes what stands before a colon for a protocol
        self._unfinished = path.with_name(f'.{path.stem}.{os.getpid()}.mp4')
        self._rate_hz = rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._size_px = (0, 0)
        self._count = 0

    def write(self, image_bgr: Image) -> None:
        """Add an image, (H, W, 3) uint8, blue first.

        Raises:
            ValueError: it is not of the size of those before it.
        """
        size_px = (image_bgr.shape[1], image_bgr.shape[0])
        if self._writer is None:
            self._size_px = size_px
            code = cv2.VideoWriter.fourcc(*'mp4v')
            self._writer = cv2.VideoWriter(str(self._unfinished), code, self._rate_hz, size_px)
        elif size_px != self._size_px:
            raise ValueError(
                f'{self._path}: image {self._count + 1} is of {size_px} px, allowed is '
                f'{self._size_px}, the size of the first'
            )
        self._writer.write(image_bgr)
        self._count += 1

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()
        try:
            if error is None:
                self._check()
                self._unfinished.replace(self._path)
        finally:
            self._unfinished.unlink(missing_ok=True)

    def _check(self) -> None:
        """OpenCV says nothing of a full disk; the file does."""
        written = cv2.VideoCapture(str(self._unfinished))
        found = round(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if found != self._count or not found:
            raise OSError(
                f'{self._path}: {found} of {self._count} images could be written; '
                'is the folder there, and its disk not full?'
            )


def at_steady_rate(timed: Iterable[tuple[float, Image]], rate_hz: float) -> Iterator[Image]:
    """Images at the times at which they were taken, for a video that knows one rate.

    An image is repeated through a pause; of several in one period the last is shown.

    Args:
        timed: time in seconds from 0, and image.
        rate_hz: images per second of the result.
    """
    shown, newest = 0, None
    for time_s, image_bgr in timed:
        while newest is not None and shown < round(time_s * rate_hz):
            yield newest
            shown += 1
        newest = image_bgr
    if newest is not None:
        yield newest


def _readable(image_bgr: Image) -> Image:
    """A copy to draw on, enlarged where it is small."""
    height, width = image_bgr.shape[:2]
    if width >= _LEAST_WIDTH_PX:
        return image_bgr.copy()
    size_px = (_LEAST_WIDTH_PX, round(height * _LEAST_WIDTH_PX / width))
    larger: Image = cv2.resize(image_bgr, size_px, interpolation=cv2.INTER_CUBIC)
    return larger
