"""A webcam through OpenCV."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Callable, Iterator

import cv2

from sign_recognition.sources.base import Capture, SourceError, TruthEvent


class Webcam:
    """A live camera.

    Args:
        device: index (0 is /dev/video0) or path.
        size_px: wanted (width, height); the device may give another.
        rate_hz: wanted images per second; the device may give another.
        mirrored: give a mirror image (selfie view). Devices give plain camera images.
        clock_s: the clock of the stamps, seconds.

    Raises:
        SourceError: the device cannot be opened, or gives no image.
    """

    live = True
    length_s: float | None = None

    def __init__(
        self,
        device: int | str,
        size_px: tuple[int, int],
        rate_hz: float,
        mirrored: bool,
        clock_s: Callable[[], float],
    ) -> None:
        self.name = f'webcam {device}'
        self._mirrored = mirrored
        self._clock_s = clock_s
        self._capture = cv2.VideoCapture(device)
        if not self._capture.isOpened():
            raise SourceError(f'{self.name}: cannot be opened')
        # One buffered image: a queue in the driver would make every image late.
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size_px[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size_px[1])
        self._capture.set(cv2.CAP_PROP_FPS, rate_hz)
        self.rate_hz = self._capture.get(cv2.CAP_PROP_FPS) or rate_hz

    def read(self) -> Capture:
        if not self._capture.grab():
            raise SourceError(
                f'{self.name}: gives no image (unplugged, or used by another program?)'
            )
        # Taken before decoding: the nearest that OpenCV gives to the moment of exposure.
        time_s = self._clock_s()
        decoded, image_bgr = self._capture.retrieve()
        if not decoded:
            raise SourceError(f'{self.name}: gave an image that cannot be decoded')
        return Capture(time_s, cv2.flip(image_bgr, 1) if self._mirrored else image_bgr)

    def skip(self) -> None:
        self._capture.grab()

    def truth(self, until_s: float) -> list[TruthEvent]:
        return []

    def close(self) -> None:
        self._capture.release()


def find_webcams() -> list[str]:
    """Paths of the video devices of this machine, in order; some may not be cameras."""
    return sorted(glob.glob('/dev/video*'), key=lambda path: (len(path), path))


@contextlib.contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from logging each device that does not open while we try them in turn."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
