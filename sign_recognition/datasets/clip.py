"""One recorded clip: its landmarks, and who shows what in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import POINT_COUNT, flip_view
from sign_recognition.model_contract import SPACES

# 'normalised': centred and scaled by the authors of the data, so that places in the image are lost.
NORMALISED = 'normalised'
SPLITS = ('train', 'val', 'test')
NOT_HELD_OUT = -1

ClipPoints = npt.NDArray[np.float32] | npt.NDArray[np.float16]


class DatasetError(ValueError):
    """Data is missing, broken or foreign; one line that names the file, the value, the allowed."""


@dataclass(frozen=True)
class Clip:
    """One clip.

    Attributes:
        id: unique in its data set.
        label: what is shown.
        points: (F, 75, 3) float32 or float16 in the layout of `landmarks`, NaN for not seen. Unit:
            image widths ('image'), metres ('world'), or whatever the authors made of it.
        rate_hz: frames per second; the mean where the rate is uneven.
        signer: who shows it; '' is not known.
        split: 'train', 'val' or 'test'; '' is not split.
        official: the split that the authors of the data made; '' they made none.
        fold: the part of a cross-validation that holds this clip out; -1 is none.
        space: 'image', 'world' or 'normalised'.
        mirrored: mirror view: x grows to the person's right.
        size_px: (width, height) of the images; (0, 0) is not known.
        stamps_s: (F,) time of each frame since the first; None where the rate is even.
        source: file or folder that it was read from, below the folder that was imported.
        start_s: where in the source the clip begins.

    Raises:
        DatasetError: a field is not as described; names the clip, the field and its value.
    """

    id: str
    label: str
    points: ClipPoints
    rate_hz: float
    signer: str = ''
    split: str = ''
    official: str = ''
    fold: int = NOT_HELD_OUT
    space: str = 'image'
    mirrored: bool = True
    size_px: tuple[int, int] = (0, 0)
    stamps_s: npt.NDArray[np.float64] | None = None
    source: str = ''
    start_s: float = 0.0

    def __post_init__(self) -> None:
        for fault in (self._fault_of_points(), self._fault_of_time(), self._fault_of_words()):
            if fault:
                raise DatasetError(f'clip {self.id!r}: {fault}')

    def _fault_of_points(self) -> str:
        if self.points.dtype not in (np.float32, np.float16):
            return f'points: {self.points.dtype}, allowed are float32 and float16'
        if self.points.ndim != 3 or self.points.shape[1:] != (POINT_COUNT, 3):
            return f'points: {self.points.shape}, allowed is (F, {POINT_COUNT}, 3)'
        if not len(self.points):
            return 'points: no frames'
        if np.isinf(self.points).any():
            return 'points: infinite numbers'
        return ''

    def _fault_of_time(self) -> str:
        if not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            return f'rate_hz: {self.rate_hz}, allowed is a positive number'
        stamps_s = self.stamps_s
        if stamps_s is None:
            return ''
        if stamps_s.shape != (len(self.points),):
            return f'stamps_s: {stamps_s.shape}, allowed is ({len(self.points)},)'
        return '' if (np.diff(stamps_s) > 0).all() else 'stamps_s: do not increase'

    def _fault_of_words(self) -> str:
        if not self.id or not self.label:
            return 'id and label must not be empty'
        if self.space not in SPACES:
            return f'space: {self.space!r}, allowed are {SPACES}'
        for name in ('split', 'official'):
            if getattr(self, name) not in ('', *SPLITS):
                return f'{name}: {getattr(self, name)!r}, allowed are {SPLITS} and nothing'
        return ''

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """(F,) time of each frame since the first, also where the rate is even."""
        if self.stamps_s is not None:
            return self.stamps_s
        return np.arange(len(self.points)) / self.rate_hz

    def selfie_view(self) -> Clip:
        """This clip in the mirror view: the one view that models are trained in."""
        if self.mirrored:
            return self
        points = self.points.astype(np.float32)
        if self.space == 'image':
            return replace(self, points=flip_view(points), mirrored=True)
        # Without an image there is no image's middle to flip about.
        return replace(self, points=points * np.array((-1, 1, 1), np.float32), mirrored=True)
