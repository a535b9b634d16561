"""Packs: all clips of a data set in one .npz of Holistic arrays.

Arrays: left_hand and right_hand (F, 21, 3), pose (F, 33 or P, 3 or 4) whose points pose_index (P,)
names, offsets (N + 1,) that cut the frames into clips, label (N,), and if known signer (N,) and
type (N,), where 'transition' marks what is between two signs. Zeros mean not seen.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sign_recognition.datasets.clip import NORMALISED, Clip, DatasetError
from sign_recognition.datasets.collection import ImportOptions, Item, Source, first_labels
from sign_recognition.datasets.holistic import (
    HAND_POINTS,
    POSE_POINTS,
    from_parts,
    to_layout,
)
from sign_recognition.decision import NONE_LABEL

_TRANSITION = 'transition'


@dataclass(frozen=True)
class _Facts:
    """What a pack does not say of itself."""

    rate_hz: float = 30.0
    aspect: float = 3 / 4
    space: str = 'image'
    licence: str = 'not known: research use only'


# By file name. Rates are means: the recordings hold no times.
_KNOWN = {
    'asl8': _Facts(rate_hz=20.0, licence='mixed, mostly none: research use only'),
    'nsl': _Facts(aspect=1.0, space=NORMALISED, licence='none: research use only'),
    'wlasl50': _Facts(rate_hz=25.0, licence='WLASL: research use'),
}


def open_source(path: Path, options: ImportOptions) -> Source:
    """The clips of a pack.

    Raises:
        DatasetError: the file is no pack, or is truncated.
    """
    pack = _Pack(path)
    facts = _KNOWN.get(path.stem, _Facts())
    wanted = first_labels(pack.labels, options.classes)
    width = len(str(len(pack.labels)))
    items = [
        Item(f'{path.stem}-{i:0{width}d}', path.name, partial(_read_clip, pack, i, facts, options))
        for i, label in enumerate(pack.labels)
        if label in wanted
    ]
    return Source(path.stem, facts.licence, items, one_file=True)


def _read_clip(pack: _Pack, index: int, facts: _Facts, options: ImportOptions) -> Clip:
    left_hand, right_hand, pose = pack.parts(index)
    points = to_layout(
        from_parts(left_hand, right_hand, pose), options.aspect or facts.aspect, options.mirrored
    )
    width = len(str(len(pack.labels)))
    return Clip(
        f'{pack.path.stem}-{index:0{width}d}', pack.labels[index], points,
        options.rate_hz or facts.rate_hz, pack.signers[index], space=facts.space,
        mirrored=options.mirrored, source=pack.path.name,
    )  # fmt: skip


class _Pack:
    """A pack whose frames are read clip by clip, in their order: it need not fit into memory.

    Raises:
        DatasetError: the file is no pack, or is truncated.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with np.load(path, allow_pickle=False) as saved:
                self._offsets = saved['offsets']
                self.labels = [str(label) for label in saved['label']]
                count = len(self.labels)
                self.signers = [str(signer) for signer in saved.get('signer', [''] * count)]
                types = saved.get('type', [''] * count)
                pose_index = saved.get('pose_index', range(POSE_POINTS))
            self._pose_index = np.array(pose_index, np.int64)
            archive = zipfile.ZipFile(path)
            self._hands = _Rows(archive, 'left_hand'), _Rows(archive, 'right_hand')
            self._pose = _Rows(archive, 'pose')
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise DatasetError(f'{path}: is no pack of clips: {error}') from error
        self.labels = [
            NONE_LABEL if kind == _TRANSITION else label
            for label, kind in zip(self.labels, types, strict=True)
        ]
        self._check()

    def _check(self) -> None:
        frames = int(self._offsets[-1]) if len(self._offsets) else 0
        allowed = {
            'offsets': (len(self._offsets), len(self.labels) + 1),
            'signer': (len(self.signers), len(self.labels)),
            'left_hand': (self._hands[0].shape, (frames, HAND_POINTS, 3)),
            'right_hand': (self._hands[1].shape, (frames, HAND_POINTS, 3)),
            'pose': (self._pose.shape[:2], (frames, len(self._pose_index))),
        }
        for name, (found, wanted) in allowed.items():
            if found != wanted:
                raise DatasetError(f'{self.path}: {name}: {found}, allowed is {wanted}')
        if (np.diff(self._offsets) <= 0).any():
            raise DatasetError(f'{self.path}: offsets: do not increase')

    def parts(
        self, index: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Left hand, right hand (F, 21, 3) and body (F, 33, 3) of a clip.

        Raises:
            DatasetError: the file is truncated or broken there.
        """
        begin, end = map(int, self._offsets[index : index + 2])
        try:
            left, right, some = (each.read(begin, end) for each in (*self._hands, self._pose))
        except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise DatasetError(f'{self.path}: broken at clip {index}: {error}') from error
        pose = np.full((end - begin, POSE_POINTS, 3), np.nan, np.float32)
        pose[:, self._pose_index] = some[..., :3]
        pose[~some.any(axis=(1, 2))] = np.nan
        return left, right, pose


class _Rows:
    """An array of an .npz file, read by rows in their order.

    Attributes:
        shape: of the array.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._file = archive.open(f'{name}.npy')
        version = np.lib.format.read_magic(self._file)  # type: ignore[no-untyped-call]
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        self.shape, by_columns, self._dtype = read_header(self._file)  # type: ignore[no-untyped-call]
        if by_columns or self._dtype.kind != 'f':
            raise ValueError(f'{name}: allowed are floats in C order')
        self._begin = self._file.tell()
        self._row_bytes = int(np.prod(self.shape[1:])) * self._dtype.itemsize

    def read(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Some rows."""
        self._file.seek(self._begin + begin * self._row_bytes)
        data = self._file.read((end - begin) * self._row_bytes)
        if len(data) < (end - begin) * self._row_bytes:
            raise EOFError('the file ends before the clip does')
        rows = np.frombuffer(data, self._dtype).reshape(end - begin, *self.shape[1:])
        return rows.astype(np.float32, copy=False)
