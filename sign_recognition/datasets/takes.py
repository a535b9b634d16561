"""Takes: clips that a person records on purpose, one after the other, and keeps or throws away.

Kept takes lie in LABEL/SIGNER/NUMBER, the frames as JPEG and the landmarks beside them; all takes
of a folder together are a data set.
"""

from __future__ import annotations

import enum
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import clip_folders
from sign_recognition.datasets.extraction import uneven_stamps
from sign_recognition.datasets.info import CLIPS_FILE, DatasetInfo
from sign_recognition.datasets.store import Dataset, write_dataset
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.sources.base import Image

LANDMARKS_FILE = 'landmarks.npz'
_KIND = 'takes'
_JPEG_QUALITY = 90
_FEWEST_FRAMES = 2

START_KEY, KEEP_KEY, DISCARD_KEY, QUIT_KEY = ' ', 'k', 'd', 'q'


class Phase(enum.Enum):
    """What a recorder does."""

    READY = 'ready'
    RECORDING = 'recording'
    REVIEW = 'review'
    ENDED = 'ended'


@dataclass
class Take:
    """A clip that is being recorded, or waits for its review."""

    frames: list[LandmarkFrame] = field(default_factory=list)
    jpegs: list[bytes] = field(default_factory=list)

    def add(self, frame: LandmarkFrame, image_bgr: Image) -> None:
        """One image and what was found in it."""
        _, encoded = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        self.frames.append(frame)
        self.jpegs.append(encoded.tobytes())

    @property
    def duration_s(self) -> float:
        """From the first image to the last."""
        return (self.frames[-1].stamp_ns - self.frames[0].stamp_ns) / 1e9 if self.frames else 0.0

    @property
    def hand_share(self) -> float:
        """The share of images in which a hand was found."""
        return sum(frame.hands_seen > 0 for frame in self.frames) / max(len(self.frames), 1)


class TakeRecorder:
    """A key begins a take, the key or the time ends it; then it is kept or thrown away.

    Args:
        seconds: how long a take lasts; None: until the key again.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.phase = Phase.READY
        self.take = Take()

    def step(self, frame: LandmarkFrame, image_bgr: Image, key: str) -> Take | None:
        """The next image, and the key that was pressed since the last one ('' is none).

        Returns:
            A take that was kept just now.
        """
        if key == QUIT_KEY:
            self.phase = Phase.ENDED
        elif self.phase is Phase.READY and key == START_KEY:
            self.take, self.phase = Take(), Phase.RECORDING
            self.take.add(frame, image_bgr)
        elif self.phase is Phase.RECORDING:
            self._record(frame, image_bgr, key)
        elif self.phase is Phase.REVIEW and key in (KEEP_KEY, DISCARD_KEY):
            self.phase = Phase.READY
            return self.take if key == KEEP_KEY else None
        return None

    def _record(self, frame: LandmarkFrame, image_bgr: Image, key: str) -> None:
        self.take.add(frame, image_bgr)
        ended = key == START_KEY if self._seconds is None else self.take.duration_s >= self._seconds
        if ended and len(self.take.frames) >= _FEWEST_FRAMES:
            self.phase = Phase.REVIEW


def check_name(name: str, value: str) -> None:
    """A label or signer becomes a folder.

    Raises:
        DatasetError: it cannot.
    """
    if not value or value.startswith('.') or any(each in value for each in '/\\\0'):
        raise DatasetError(f'{name}: {value!r}, allowed are names without / and without . in front')


def save_take(root: Path, label: str, signer: str, take: Take) -> Path:
    """Keep a take; its folder is there whole or not at all.

    Returns:
        The folder.

    Raises:
        OSError: it cannot be written.
    """
    folder = root / label / signer
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(p.name) for p in folder.iterdir() if p.name.isdigit()), default=-1)
    partial, final = folder / f'.{number:04d}', folder / f'{number:04d}'
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for index, jpeg in enumerate(take.jpegs):
        (partial / f'{index:04d}.jpg').write_bytes(jpeg)
    first = take.frames[0]
    np.savez(
        partial / LANDMARKS_FILE,
        points=np.stack([frame.points for frame in take.frames]),
        stamps_s=np.array([frame.stamp_ns - first.stamp_ns for frame in take.frames]) / 1e9,
        size_px=first.size_px,
        mirrored=first.mirrored,
    )
    return partial.rename(final)


def count_takes(root: Path) -> Counter[str]:
    """Takes of each label."""
    folders = clip_folders(root) if root.is_dir() else ()
    return Counter(label for label, _, clip in folders if (clip / LANDMARKS_FILE).is_file())


def check_folder(root: Path) -> None:
    """Refuse a data set of another origin, which the one of the takes would replace.

    Raises:
        DatasetError: the folder holds one.
    """
    if (root / CLIPS_FILE).exists() and Dataset(root).info.kind != _KIND:
        raise DatasetError(
            f'{root}: holds a data set that is not of takes; allowed is a new folder'
        )


def make_dataset(root: Path) -> int:
    """Make the folder of the takes a data set of all of them, if there are any; says how many.

    Raises:
        DatasetError: a take is broken.
    """
    if not count_takes(root):
        return 0
    path = root.resolve()
    info = DatasetInfo(path.name, _KIND, 'of those who recorded it', str(path))
    return write_dataset(root, info, _read_takes(root))


def _read_takes(root: Path) -> Iterator[Clip]:
    for label, signer, folder in clip_folders(root):
        if (folder / LANDMARKS_FILE).is_file():
            yield _read_take(root, label, signer, folder)


def _read_take(root: Path, label: str, signer: str, folder: Path) -> Clip:
    file = folder / LANDMARKS_FILE
    try:
        with np.load(file, allow_pickle=False) as saved:
            points, stamps_s = saved['points'], saved['stamps_s']
            width, height = map(int, saved['size_px'])
            mirrored = bool(saved['mirrored'])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DatasetError(f'{file}: is no take: {error}') from error
    source = folder.relative_to(root).as_posix()
    rate_hz = (len(points) - 1) / float(stamps_s[-1])
    return Clip(
        source, label, points, rate_hz, signer, mirrored=mirrored, size_px=(width, height),
        stamps_s=uneven_stamps(stamps_s, rate_hz), source=source,
    )  # fmt: skip
