"""MP_Data: a folder per label and sequence, and per frame a .npy of what Holistic gave.

The format of many notebooks: LABEL/SEQUENCE/FRAME.npy, 1662 values (33 body points with visibility,
468 of the face, the left hand, the right hand) or 258 (without the face); zeros where a part was
not seen. LABEL/SIGNER/SEQUENCE is read too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import (
    ImportOptions,
    Item,
    Source,
    clip_folders,
    first_labels,
)
from sign_recognition.datasets.extraction import uneven_stamps
from sign_recognition.datasets.holistic import (
    HAND_POINTS,
    POSE_POINTS,
    from_parts,
    to_layout,
)

# The recordings tell neither: webcams of 4:3, slowed down by MediaPipe to about this rate.
_USUAL_RATE_HZ = 20.0
_USUAL_ASPECT = 3 / 4
_POSE_VALUES = POSE_POINTS * 4
_HAND_VALUES = HAND_POINTS * 3
_FACE_VALUES = 468 * 3
_FRAME_VALUES = (
    _POSE_VALUES + _FACE_VALUES + 2 * _HAND_VALUES,
    _POSE_VALUES + 2 * _HAND_VALUES,
)


def open_source(path: Path, options: ImportOptions) -> Source:
    """The sequences of a folder.

    Raises:
        DatasetError: there is no such folder.
    """
    clips = list(clip_folders(path))
    wanted = first_labels((label for label, _, _ in clips), options.classes)
    items = [_item(path, *clip, options) for clip in clips if clip[0] in wanted]
    return Source(path.resolve().name, 'of the recordings: not known', items)


def _item(root: Path, label: str, signer: str, folder: Path, options: ImportOptions) -> Item:
    source = folder.relative_to(root).as_posix()
    return Item(source, source, partial(_read_clip, folder, source, label, signer, options))


def _read_clip(folder: Path, source: str, label: str, signer: str, options: ImportOptions) -> Clip:
    files = _numbered_files(folder)
    values = np.stack([_read_frame(file) for _, file in files])
    hands = values[:, -2 * _HAND_VALUES :].reshape(-1, 2, HAND_POINTS, 3)
    pose = values[:, :_POSE_VALUES].reshape(-1, POSE_POINTS, 4)[..., :3]
    rate_hz = options.rate_hz or _USUAL_RATE_HZ
    # A frame that is missing leaves a gap in time.
    stamps_s = (np.array([number for number, _ in files]) - files[0][0]) / rate_hz
    points = to_layout(
        from_parts(hands[:, 0], hands[:, 1], pose),
        options.aspect or _USUAL_ASPECT,
        options.mirrored,
    )
    return Clip(
        source, label, points, rate_hz, signer, mirrored=options.mirrored,
        stamps_s=uneven_stamps(stamps_s, rate_hz), source=source,
    )  # fmt: skip


def _numbered_files(folder: Path) -> list[tuple[int, Path]]:
    files = [file for file in folder.iterdir() if file.suffix == '.npy']
    if not files:
        raise DatasetError(f'{folder}: holds no .npy file')
    try:
        return sorted((int(file.stem), file) for file in files)
    except ValueError as error:
        raise DatasetError(f'{folder}: allowed are frames named by number: {error}') from error


def _read_frame(file: Path) -> npt.NDArray[np.float32]:
    """The values of one frame without the face's, if any: the same count for both formats."""
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f'{file}: no numpy array: {error}') from error
    if values.size not in _FRAME_VALUES or values.dtype.kind != 'f':
        raise DatasetError(
            f'{file}: {values.size} values of {values.dtype}, allowed are floats, {_FRAME_VALUES}'
        )
    values = values.reshape(-1)
    body, hands = values[:_POSE_VALUES], values[-2 * _HAND_VALUES :]
    return np.concatenate((body, hands), dtype=np.float32)
