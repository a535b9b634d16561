"""From the words of a user to a source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sign_recognition.sources.base import Source, SourceError
from sign_recognition.sources.files import ImageFolder, VideoFile
from sign_recognition.sources.rendered import RenderedCamera
from sign_recognition.sources.webcam import Webcam, find_webcams, quiet_opencv

_log = logging.getLogger(__name__)

AUTO = 'auto'
SIGNER = 'signer'


@dataclass(frozen=True)
class SourceConfig:
    """Which images, and how.

    Attributes:
        source: 'auto' (the first webcam that opens, else the signer), 'signer', a device index or
            path, a video file, or a folder of pictures.
        size_px: (width, height) wanted of a device or the signer; files are scaled down to fit.
        rate_hz: images per second wanted of a device, the signer or a folder.
        mirrored: the images are to be mirror images. A device's are flipped for it and the signer
            is drawn so; of files it is taken on trust.
        seed: which rendered signer.
        stand_in: 'auto' may be the signer where no webcam gives images.
    """

    source: str = AUTO
    size_px: tuple[int, int] = (640, 480)
    rate_hz: float = 30.0
    mirrored: bool = True
    seed: int = 0
    stand_in: bool = True


def open_source(config: SourceConfig, clock_s: Callable[[], float]) -> Source:
    """Open the source that a configuration names.

    Args:
        config: which images, and how.
        clock_s: the clock of a live source's stamps, seconds.

    Raises:
        SourceError: there is no such source, or it gives no images.
    """
    name = config.source
    if name == AUTO:
        return _open_any_webcam(config, clock_s) or _stand_in(config)
    if name == SIGNER:
        return _open_signer(config)
    if name.isdigit():
        return _open_webcam(int(name), config, clock_s)
    path = Path(name).expanduser()
    if path.is_dir():
        return ImageFolder(path, config.size_px, config.rate_hz)
    if path.is_char_device():
        return _open_webcam(str(path), config, clock_s)
    if path.is_file():
        return VideoFile(path, config.size_px)
    raise SourceError(
        f"source: {name!r} is not there; allowed are '{AUTO}', '{SIGNER}', a device index or path, "
        'a video file, or a folder of pictures'
    )


def _open_signer(config: SourceConfig) -> Source:
    return RenderedCamera(config.size_px, config.rate_hz, config.mirrored, config.seed)


def _stand_in(config: SourceConfig) -> Source:
    """The signer in place of a webcam.

    Raises:
        SourceError: it may not stand in.
    """
    if not config.stand_in:
        raise SourceError('no webcam gives images')
    _log.warning('no webcam gives images: the rendered signer stands in')
    return _open_signer(config)


def _open_webcam(device: int | str, config: SourceConfig, clock_s: Callable[[], float]) -> Webcam:
    return Webcam(device, config.size_px, config.rate_hz, config.mirrored, clock_s)


def _open_any_webcam(config: SourceConfig, clock_s: Callable[[], float]) -> Webcam | None:
    """The first webcam that gives an image, or None."""
    for path in find_webcams():
        try:
            with quiet_opencv():
                return _tried(_open_webcam(path, config, clock_s))
        except SourceError as error:
            _log.info('%s', error)
    return None


def _tried(webcam: Webcam) -> Webcam:
    """A webcam that has given an image.

    Raises:
        SourceError: it gives none; it is closed then.
    """
    try:
        webcam.read()
    except SourceError:
        webcam.close()
        raise
    return webcam
