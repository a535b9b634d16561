"""Windows of landmarks or images over time, laid over acquisition stamps, never counted frames."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import LandmarkFrame, Points
from sign_recognition.pixels import PixelArray

Item = TypeVar('Item', Points, PixelArray)
Stamps = npt.NDArray[np.int64]

# A longer pause between frames begins a new stream.
MAX_GAP_S = 0.5


class _Stream(Generic[Item]):
    """The newest items of one stream and where a window's samples lie among them.

    Camera rates vary and frames drop, so a window is laid over the stamps: sample k lies
    (T - 1 - k) / rate before the newest frame.

    Args:
        window_frames: samples in a window (T), 1 or more.
        rate_hz: samples per second, more than 0.
        max_gap_s: a pause between frames longer than this breaks the stream; what came before
            says nothing of now.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(self, window_frames: int, rate_hz: float, max_gap_s: float = MAX_GAP_S) -> None:
        if window_frames < 1 or not rate_hz > 0 or not max_gap_s > 0:
            raise ValueError(
                f'window_frames, rate_hz, max_gap_s: {window_frames}, {rate_hz}, {max_gap_s}, '
                'allowed are positive numbers'
            )
        self._offsets_ns = _offsets_ns(window_frames, rate_hz)
        self._max_gap_ns = round(max_gap_s * 1e9)
        self._stamps_ns: deque[int] = deque()
        self._items: deque[Item] = deque()

    def clear(self) -> None:
        """Forget every frame."""
        self._stamps_ns.clear()
        self._items.clear()

    def _push(self, stamp_ns: int, item: Item) -> bool:
        continues = bool(self._stamps_ns) and (
            0 < stamp_ns - self._stamps_ns[-1] <= self._max_gap_ns
        )
        if not continues:
            self.clear()
        self._stamps_ns.append(stamp_ns)
        self._items.append(item)
        self._forget_before(stamp_ns - int(self._offsets_ns[0]))
        return continues

    def _forget_before(self, oldest_ns: int) -> None:
        """Drop frames that no sample can need: one at or before the oldest sample stays."""
        while len(self._stamps_ns) > 1 and self._stamps_ns[1] <= oldest_ns:
            self._stamps_ns.popleft()
            self._items.popleft()


class SequenceBuffer(_Stream[Points]):
    """The newest landmarks of one stream, read out at a model's rate."""

    def push(self, frame: LandmarkFrame) -> bool:
        """Add the newest frame.

        Returns:
            True where the frame goes on with the stream; False where it begins a new one, because
            it is the first, its stamp does not lie after the last one (a looping bag), or the
            pause was longer than max_gap_s.
        """
        return self._push(frame.stamp_ns, frame.points)

    def window(self) -> Points | None:
        """The resampled window, or None while no frame has come.

        Between two frames that both see a point it is interpolated; where only the nearer one
        sees it, it is that one's; time before the stream began is NaN.

        Returns:
            (T, 75, 3) float32, oldest first.
        """
        if not self._stamps_ns:
            return None
        stamps_ns = np.array(self._stamps_ns, np.int64)
        return _read(np.stack(self._items), stamps_ns, stamps_ns[-1] - self._offsets_ns)


class ImageBuffer(_Stream[PixelArray]):
    """The newest images of one stream, read out at a model's rate."""

    def push(self, stamp_ns: int, image: PixelArray) -> bool:
        """Add the newest image, (H, W, 3) uint8 of one size; returns as SequenceBuffer.push."""
        return self._push(stamp_ns, image)

    def window(self) -> PixelArray | None:
        """The images nearest to the samples, or None while none has come.

        Before the stream began its first image stands still.

        Returns:
            (T, H, W, 3) uint8, oldest first.
        """
        if not self._stamps_ns:
            return None
        stamps_ns = np.array(self._stamps_ns, np.int64)
        images = list(self._items)
        chosen = _nearest(stamps_ns, stamps_ns[-1] - self._offsets_ns)
        window: PixelArray = np.stack([images[i] for i in chosen])
        return window


def clip_window(
    points: Points,
    times_s: npt.NDArray[np.float64],
    clip_fit: str,
    window_frames: int,
    rate_hz: float,
) -> Points:
    """The window that a model reads of a whole clip, the same in training and afterwards.

    Args:
        points: (F, 75, 3) float32 landmarks, NaN for not seen.
        times_s: (F,) increasing.
        clip_fit: one of model_contract.CLIP_FITS: 'newest' (what SequenceBuffer gives at the clip's
            last frame, whatever pauses it holds) or 'resample' (stretched to the window).
        window_frames: T.
        rate_hz: of the window; does not matter to 'resample'.

    Returns:
        (T, 75, 3) float32, oldest first.
    """
    stamps_ns, wanted_ns = _clip_times(times_s, clip_fit, window_frames, rate_hz)
    return _read(points, stamps_ns, wanted_ns)


def nearest_frames(
    times_s: npt.NDArray[np.float64], clip_fit: str, window_frames: int, rate_hz: float
) -> npt.NDArray[np.intp]:
    """(T,) which images of a clip its window holds, as `clip_window` and ImageBuffer have it."""
    return _nearest(*_clip_times(times_s, clip_fit, window_frames, rate_hz))


def _clip_times(
    times_s: npt.NDArray[np.float64], clip_fit: str, window_frames: int, rate_hz: float
) -> tuple[Stamps, Stamps]:
    """The stamps of a clip, and those of its window."""
    stamps_ns = np.round(times_s * 1e9).astype(np.int64)
    if clip_fit == 'resample':
        wanted_s = np.linspace(stamps_ns[0], stamps_ns[-1], window_frames)
        return stamps_ns, np.round(wanted_s).astype(np.int64)
    return stamps_ns, stamps_ns[-1] - _offsets_ns(window_frames, rate_hz)


def _offsets_ns(window_frames: int, rate_hz: float) -> Stamps:
    """(T,) by how much each sample of a window is older than the newest."""
    ages = np.arange(window_frames - 1, -1, -1)
    offsets_ns: Stamps = np.round(ages * (1e9 / rate_hz)).astype(np.int64)
    return offsets_ns


def _places(
    stamps_ns: Stamps, wanted_ns: Stamps
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """(T,) items before and after each sample, and how far it lies from one to the other."""
    after = np.searchsorted(stamps_ns, wanted_ns).clip(max=len(stamps_ns) - 1)
    before = np.where(stamps_ns[after] == wanted_ns, after, after - 1).clip(min=0)
    step_ns = np.maximum(stamps_ns[after] - stamps_ns[before], 1)
    return before, after, ((wanted_ns - stamps_ns[before]) / step_ns).astype(np.float32)


def _read(points: Points, stamps_ns: Stamps, wanted_ns: Stamps) -> Points:
    """(T, 75, 3) the points at other times, as SequenceBuffer.window describes it."""
    before, after, share = _places(stamps_ns, wanted_ns)
    share = share[:, None, None]
    between = points[before] * (1 - share) + points[after] * share
    nearer = np.where(share < 0.5, points[before], points[after])
    window = np.where(np.isnan(between), nearer, between)
    window[wanted_ns < stamps_ns[0]] = np.nan
    return window


def _nearest(stamps_ns: Stamps, wanted_ns: Stamps) -> npt.NDArray[np.intp]:
    """(T,) the item nearest to each sample; the first for what lies before it."""
    before, after, share = _places(stamps_ns, wanted_ns)
    chosen: npt.NDArray[np.intp] = np.where(share < 0.5, before, after)
    return chosen
