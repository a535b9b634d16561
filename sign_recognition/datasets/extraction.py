"""From images to a clip: MediaPipe over a video or a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import ImportOptions, Item
from sign_recognition.detector import Detector, DetectorConfig, make_detector
from sign_recognition.landmarks import Points
from sign_recognition.sources.base import Capture, Image, Source
from sign_recognition.sources.files import VIDEO_SUFFIXES, ImageFolder, VideoFile

# Larger images tell MediaPipe no more: its networks read a few hundred pixels.
_LARGEST_PX = (1280, 1280)
_USUAL_RATE_HZ = 30.0
# A person's box is drawn round one frame; hands leave it.
_BOX_MARGIN = 0.1
_LARGEST_STRETCH = 1.02
# Containers state their length not to the frame.
_LEAST_SHARE = 0.8


@dataclass(frozen=True)
class Cut:
    """The part of a video that is the clip.

    Attributes:
        start_s: its beginning.
        end_s: its end, exclusive.
        box: (left, top, right, bottom) of the person in the image, as shares of its width and
            height.
    """

    start_s: float = 0.0
    end_s: float = np.inf
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip before its images are read; as in Clip."""

    id: str
    label: str
    source: str
    signer: str = ''
    official: str = ''


def video_item(
    root: Path,
    file: Path,
    label: str,
    options: ImportOptions,
    signer: str = '',
    official: str = '',
) -> Item:
    """An item for a whole video below a folder."""
    source = file.relative_to(root).as_posix()
    clip = ClipFacts(source, label, source, signer, official)
    return Item(source, source, partial(read_video, file, clip, Cut(), options))


def read_video(file: Path, facts: ClipFacts, cut: Cut, options: ImportOptions) -> Clip:
    """The landmarks of a video, or of a part of it.

    Raises:
        SourceError: the file is no video that OpenCV can read.
        DatasetError: the video has no frame in that part.
    """
    return _read(VideoFile(file, _LARGEST_PX), facts, cut, options)


def read_pictures(folder: Path, facts: ClipFacts, options: ImportOptions) -> Clip:
    """The landmarks of a folder of pictures, in the order of their names.

    Raises:
        SourceError: there is no picture, or one is broken.
    """
    rate_hz = options.rate_hz or _USUAL_RATE_HZ
    return _read(ImageFolder(folder, _LARGEST_PX, rate_hz), facts, Cut(), options)


def find_video(folder: Path, stem: str) -> Path | None:
    """The video of that name in a folder, whatever its format."""
    candidates = (folder / f'{stem}{suffix}' for suffix in VIDEO_SUFFIXES)
    return next((file for file in candidates if file.is_file()), None)


def _read(source: Source, facts: ClipFacts, cut: Cut, options: ImportOptions) -> Clip:
    config = DetectorConfig(options.solution, options.mirrored, options.model_complexity)
    # A detector of its own for each clip: none begins with the hands of the one before.
    detector = make_detector(config)
    try:
        points, times_s, size_px = _detect(_captures(source, cut), cut, detector)
    finally:
        detector.close()
        source.close()
    if not points:
        raise DatasetError(f'{source.name}: has no frame from {cut.start_s} to {cut.end_s} s')
    _check_whole(source, cut, times_s[-1])
    stamps_s = np.array(times_s) - times_s[0]
    rate_hz = (len(points) - 1) / stamps_s[-1] if len(points) > 1 else source.rate_hz
    return Clip(
        facts.id, facts.label, np.array(points, np.float32), rate_hz, facts.signer,
        official=facts.official, mirrored=options.mirrored, size_px=size_px,
        stamps_s=uneven_stamps(stamps_s, rate_hz), source=facts.source, start_s=times_s[0],
    )  # fmt: skip


def _check_whole(source: Source, cut: Cut, last_s: float) -> None:
    """Refuse a video that breaks off: a sign without its end is another sign.

    Raises:
        DatasetError: less is there than the file says.
    """
    end_s = min(cut.end_s, source.length_s or 0.0)
    if last_s - cut.start_s < _LEAST_SHARE * (end_s - cut.start_s) - 1 / source.rate_hz:
        raise DatasetError(f'{source.name}: breaks off at {last_s:.1f} of {end_s:.1f} s')


def _captures(source: Source, cut: Cut) -> Iterator[Capture]:
    """The images of the part; what lies before it is not decoded by MediaPipe."""
    while (capture := source.read()) is not None and capture.time_s < cut.end_s:
        if capture.time_s >= cut.start_s:
            yield capture


def _detect(
    captures: Iterator[Capture], cut: Cut, detector: Detector
) -> tuple[list[Points], list[float], tuple[int, int]]:
    """Points and time of each image, and the size of the last one."""
    points: list[Points] = []
    times_s: list[float] = []
    size_px = (0, 0)
    for capture in captures:
        height, width = capture.image_bgr.shape[:2]
        size_px = width, height
        left, top, right, bottom = _box_px(cut, size_px)
        cropped: Image = cv2.cvtColor(capture.image_bgr[top:bottom, left:right], cv2.COLOR_BGR2RGB)
        frame = detector.detect(cropped, round(capture.time_s * 1e9))
        # From widths of the box to widths of the whole image.
        scale = np.float32((right - left) / width)
        corner = np.array((left / width, top / width, 0), np.float32)
        points.append(frame.points * scale + corner)
        times_s.append(capture.time_s)
    return points, times_s, size_px


def _box_px(cut: Cut, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """The person's box with a margin; the whole image where the box was drawn on another one."""
    width, height = size_px
    left, top, right, bottom = cut.box
    if not (left < right <= _LARGEST_STRETCH and top < bottom <= _LARGEST_STRETCH):
        return 0, 0, width, height
    wider, higher = _BOX_MARGIN * (right - left), _BOX_MARGIN * (bottom - top)
    return (
        round(max(left - wider, 0) * width),
        round(max(top - higher, 0) * height),
        round(min(right + wider, 1) * width),
        round(min(bottom + higher, 1) * height),
    )


def uneven_stamps(
    stamps_s: npt.NDArray[np.float64], rate_hz: float
) -> npt.NDArray[np.float64] | None:
    """The stamps, or None where they are those of an even rate, to a tenth of a frame."""
    even_s = np.arange(len(stamps_s)) / rate_hz
    return None if np.abs(stamps_s - even_s).max() < 0.1 / rate_hz else stamps_s
