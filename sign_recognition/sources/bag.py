"""The images of a bag, as a source."""

from __future__ import annotations

from pathlib import Path

import cv2

from sign_recognition.bags.messages import image_rgb
from sign_recognition.bags.reader import BagError, open_bag
from sign_recognition.bags.topics import image_topic
from sign_recognition.pixels import ConversionError
from sign_recognition.sources.base import Capture, SourceError, TruthEvent
from sign_recognition.sources.files import fit

# Bags state no rate; the images come when their stamps say.
_USUAL_RATE_HZ = 30.0


class BagImages:
    """The images of a bag at the times of their stamps.

    Args:
        path: of the bag.
        size_px: (width, height) that larger images are scaled down to fit into.
        topic: of the images; empty: the one that is found.

    Raises:
        SourceError: there is no such bag, or no image in it.
    """

    live = False
    rate_hz = _USUAL_RATE_HZ
    length_s: float | None = None

    def __init__(self, path: Path, size_px: tuple[int, int], topic: str = '') -> None:
        self.name = str(path)
        self._size_px = size_px
        self._first_ns: int | None = None
        try:
            self._bag = open_bag(path)
            images = image_topic(self._bag.topics, topic)
        except BagError as error:
            raise SourceError(f'source: {error}') from error
        if not images:
            raise SourceError(f'source: {path} holds no images, only {[*self._bag.topics]}')
        self._records = self._bag.records([images])

    def read(self) -> Capture | None:
        try:
            record = next(self._records, None)
            if record is None:
                return None
            pixels_rgb, stamp_ns, _ = image_rgb(record)
            stamp_ns = stamp_ns or record.log_ns  # some drivers leave it empty
        except (BagError, ConversionError) as error:
            raise SourceError(f'source: {self.name}: {error}') from error
        if self._first_ns is None:
            self._first_ns = stamp_ns
        image_bgr = cv2.cvtColor(pixels_rgb, cv2.COLOR_RGB2BGR)
        return Capture((stamp_ns - self._first_ns) / 1e9, fit(image_bgr, self._size_px))

    def skip(self) -> None:
        next(self._records, None)

    def truth(self, until_s: float) -> list[TruthEvent]:
        return []

    def close(self) -> None:
        self._bag.close()
