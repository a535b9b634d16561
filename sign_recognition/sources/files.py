"""Recorded images: a video file or a folder of pictures."""

from __future__ import annotations

import re
from pathlib import Path

import cv2

from sign_recognition.sources.base import Capture, Image, SourceError, TruthEvent

VIDEO_SUFFIXES = ('.mp4', '.avi', '.gif', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')
_USUAL_RATE_HZ = 30.0


class VideoFile:
    """A video file (mp4, avi, gif, ...) at its own rate.

    Args:
        path: the file.
        size_px: (width, height) that larger images are scaled down to fit into.

    Raises:
        SourceError: the file is missing, or is no video that OpenCV can read.
    """

    live = False

    def __init__(self, path: Path | str, size_px: tuple[int, int]) -> None:
        self.name = str(path)
        self._size_px = size_px
        if not Path(path).is_file():
            raise SourceError(f'source: {path} is no file')
        # FFmpeg takes what stands before a colon for a protocol, but not in a whole path.
        self._capture = cv2.VideoCapture(str(Path(path).absolute()))
        first_read, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not first_read:
            raise SourceError(f'source: {path} is no video that OpenCV can read')
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate_hz = rate_hz if 0 < rate_hz < 1000 else _USUAL_RATE_HZ
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.length_s: float | None = count / self.rate_hz if count > 0 else None
        self._first: Image | None = first
        self._index = 0
        self._time_s = 0.0

    def read(self) -> Capture | None:
        image_bgr, self._first = self._first, None
        if image_bgr is None and self._advance():
            _, image_bgr = self._capture.retrieve()
        return None if image_bgr is None else Capture(self._time_s, fit(image_bgr, self._size_px))

    def skip(self) -> None:
        if self._first is not None:
            self._first = None
        else:
            self._advance()

    def truth(self, until_s: float) -> list[TruthEvent]:
        return []

    def close(self) -> None:
        self._capture.release()

    def _advance(self) -> bool:
        """Go to the next image; False after the last."""
        if not self._capture.grab():
            return False
        self._index += 1
        stated_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        # Containers without usable time stamps state zero, or repeat themselves.
        expected_s = self._time_s + 1 / self.rate_hz
        self._time_s = stated_s if stated_s > self._time_s else expected_s
        return True


class ImageFolder:
    """The pictures of a folder, in the order of their names.

    Args:
        path: the folder.
        size_px: (width, height) that larger images are scaled down to fit into.
        rate_hz: pictures per second.

    Raises:
        SourceError: there is no such folder, or no picture in it.
    """

    live = False

    def __init__(self, path: Path | str, size_px: tuple[int, int], rate_hz: float) -> None:
        self.name = str(path)
        self.rate_hz = rate_hz
        self._size_px = size_px
        self._index = 0
        if not Path(path).is_dir():
            raise SourceError(f'source: {path} is no folder')
        pictures = (p for p in Path(path).iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
        self._files = sorted(pictures, key=_as_counted)
        if not self._files:
            raise SourceError(f'source: {path} holds no picture {IMAGE_SUFFIXES}')
        self.length_s: float | None = len(self._files) / rate_hz

    def read(self) -> Capture | None:
        if self._index >= len(self._files):
            return None
        file = self._files[self._index]
        image_bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image_bgr is None:
            raise SourceError(f'source: {file} is no picture that OpenCV can read')
        time_s = self._index / self.rate_hz
        self._index += 1
        return Capture(time_s, fit(image_bgr, self._size_px))

    def skip(self) -> None:
        self._index += 1

    def truth(self, until_s: float) -> list[TruthEvent]:
        return []

    def close(self) -> None:
        pass


def fit(image_bgr: Image, size_px: tuple[int, int]) -> Image:
    """The image scaled down to fit into (width, height), aspect kept; never enlarged."""
    height, width = image_bgr.shape[:2]
    scale = min(size_px[0] / width, size_px[1] / height)
    if scale >= 1:
        return image_bgr
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller: Image = cv2.resize(image_bgr, scaled, interpolation=cv2.INTER_AREA)
    return smaller


def _as_counted(path: Path) -> list[str | int]:
    """A key that sorts frame2 before frame10: text and numbers of the name by turns."""
    parts = re.split('([0-9]+)', path.name)
    return [int(part) if number % 2 else part for number, part in enumerate(parts)]
