"""Real movement that is none of the gestures: the `none` class seen through a real tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rich.progress import track

from sign_recognition.atomic import whole_file
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.landmarks import Points
from sign_recognition.sources.files import VIDEO_SUFFIXES

_MAX_SECONDS = 25
_FEWEST_FRAMES = 20
# asl8 comes without image sizes and stamps: webcams of 4:3 at about this rate.
_ASL8_ASPECT = 3 / 4
_ASL8_RATE_HZ = 20.0


@dataclass(frozen=True)
class Track:
    """The hands of one recording.

    Attributes:
        hands: (F, 42, 3) float32 image widths, left then right hand, NaN for not seen.
        stamps_s: (F,) seconds.
        source: the signer or the file, to split by.
    """

    hands: Points
    stamps_s: npt.NDArray[np.float64]
    source: str


def read_foreign(
    data_dir: Path, video_folders: Sequence[str], asl8_clips: int, cache_dir: Path
) -> list[Track]:
    """Everything that a configuration names as foreign.

    Args:
        data_dir: the folder that holds `video` and `asl8`.
        video_folders: folders under `video`; tracked once, then kept in cache_dir.
        asl8_clips: how many clips of asl8 at most, evenly drawn.
        cache_dir: where tracked videos are kept.

    Raises:
        FileNotFoundError: a folder or file is missing.
    """
    tracks = _read_asl8(data_dir / 'asl8' / 'asl8.npz', asl8_clips) if asl8_clips else []
    cache_dir.mkdir(parents=True, exist_ok=True)
    for folder in video_folders:
        root = data_dir / 'video' / folder
        if not root.is_dir():
            raise FileNotFoundError(f'foreign footage: {root} is no folder')
        videos = [each for each in sorted(root.iterdir()) if each.suffix.lower() in VIDEO_SUFFIXES]
        for video in track(videos, f'hands in {folder}'):
            tracks.append(_track_cached(video, folder, cache_dir))
    return [each for each in tracks if len(each.hands) > 12]


def real_hands(tracks: Sequence[Track]) -> list[Points]:
    """Hands of recordings, each alone and as a right hand: (F, 21, 3), seen most of the time."""
    hands = []
    for each in tracks:
        for side, flip in ((slice(0, 21), -1), (slice(21, 42), 1)):
            hand = each.hands[:, side] * np.array((flip, 1, 1), np.float32)
            if len(hand) >= _FEWEST_FRAMES and np.isfinite(hand[:, 0, 0]).mean() > 0.8:
                hands.append(hand)
    return hands


def _track_cached(video: Path, folder: str, cache_dir: Path) -> Track:
    cached = cache_dir / f'{folder.replace("/", "_")}__{video.name}.npz'
    if not cached.is_file():
        hands, stamps_s = track_video(video)
        with whole_file(cached) as unfinished:
            np.savez(unfinished, hands=hands, stamps_s=stamps_s)
    with np.load(cached) as saved:
        return Track(saved['hands'], saved['stamps_s'], f'{folder}/{video.name}')


def track_video(video: Path) -> tuple[Points, npt.NDArray[np.float64]]:
    """MediaPipe Hands over a video file, its images taken for mirror images.

    Returns:
        (F, 42, 3) float32 image widths and (F,) seconds.
    """
    capture = cv2.VideoCapture(str(video))
    rate_hz = capture.get(cv2.CAP_PROP_FPS) or 30.0
    detector = make_detector(DetectorConfig(model_complexity=1))
    hands: list[Points] = []
    stamps_s: list[float] = []
    while len(hands) < _MAX_SECONDS * rate_hz:
        more, image = capture.read()
        if not more:
            break
        stamp_s = len(hands) / rate_hz
        frame = detector.detect(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), round(stamp_s * 1e9))
        hands.append(frame.points[:42])
        stamps_s.append(stamp_s)
    detector.close()
    capture.release()
    return np.array(hands, np.float32).reshape(-1, 42, 3), np.array(stamps_s)


def _read_asl8(path: Path, clips: int) -> list[Track]:
    if not path.is_file():
        raise FileNotFoundError(f'foreign movement: {path} is missing')
    with np.load(path) as saved:
        hands = np.concatenate((saved['left_hand'], saved['right_hand']), axis=1)
        offsets, signers = saved['offsets'], saved['signer']
    hands = hands * np.array((1, _ASL8_ASPECT, 1), np.float32)
    hands = hands.reshape(-1, 2, 21, 3)
    hands[(hands == 0).all(axis=(2, 3))] = np.nan
    hands = hands.reshape(-1, 42, 3)
    chosen = np.unique(np.linspace(0, len(signers) - 1, clips).astype(int))
    return [_asl8_track(hands[offsets[i] : offsets[i + 1]], str(signers[i])) for i in chosen]


def _asl8_track(hands: Points, signer: str) -> Track:
    return Track(hands, np.arange(len(hands)) / _ASL8_RATE_HZ, f'asl8/{signer}')
