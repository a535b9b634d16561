"""The images of a clip, read where they lie: a data set holds landmarks, and says where from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from sign_recognition.clip_images import clip_image
from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.model_contract import ImageInput
from sign_recognition.pixels import PixelArray
from sign_recognition.sources.base import Image, Source
from sign_recognition.sources.files import VIDEO_SUFFIXES, ImageFolder, VideoFile

_LARGEST_PX = (1280, 1280)


def clip_frames(
    folder: ClipFolder, clip: Clip, wanted: ImageInput, numbers: npt.NDArray[np.intp]
) -> PixelArray:
    """Some images of a clip as an image-clip model reads them.

    Args:
        folder: of the clip.
        clip: as it was recorded, not turned to the mirror view.
        wanted: size and content.
        numbers: (T,) of the clip's frames, increasing.

    Returns:
        (T, height, width, 3) uint8 RGB, mirror view.

    Raises:
        DatasetError: the images are not where the data set says, or are fewer than its frames.
        SourceError: they cannot be read.
    """
    pictures: dict[int, PixelArray] = {}
    needed = set(numbers.tolist())
    for number, image_bgr in enumerate(_images(folder, clip)):
        if number in needed:
            pictures[number] = _picture(clip, number, image_bgr, wanted)
        if number >= numbers[-1]:
            break
    if len(pictures) < len(needed):
        raise DatasetError(
            f'clip {clip.id!r}: {number + 1} images in {clip.source}, {len(clip.points)} frames'
        )
    return np.stack([pictures[number] for number in numbers.tolist()])


def _images(folder: ClipFolder, clip: Clip) -> Iterator[Image]:
    source = _open(folder, clip)
    try:
        while (capture := source.read()) is not None:
            if capture.time_s >= clip.start_s:
                yield capture.image_bgr
    finally:
        source.close()


def _open(folder: ClipFolder, clip: Clip) -> Source:
    """Beside the data set, as takes are, or where it was imported from."""
    places = [root / clip.source for root in (folder.path, Path(folder.info.source))]
    for place in places if clip.source else ():
        if place.is_dir():
            return ImageFolder(place, _LARGEST_PX, clip.rate_hz)
        if place.suffix.lower() in VIDEO_SUFFIXES and place.is_file():
            return VideoFile(place, _LARGEST_PX)
    raise DatasetError(
        f'clip {clip.id!r}: no images, neither in {places[0]} nor in {places[1]}; '
        'a model of images needs takes, or videos or pictures where they were imported from'
    )


def _picture(clip: Clip, number: int, image_bgr: Image, wanted: ImageInput) -> PixelArray:
    height, width = image_bgr.shape[:2]
    points = clip.points[number].astype(np.float32)
    frame = LandmarkFrame(0, (width, height), points, clip.mirrored)
    image_rgb: PixelArray = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)
    return clip_image(wanted, frame, image_rgb)
