"""What training clips gain beside themselves: corrected labels, and clips of no sign at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from sign_recognition.datasets.clip import Clip
from sign_recognition.datasets.clip_folder import ClipFolder, open_folder
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND, Points
from sign_recognition.sequence import clip_window
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import ClipSet, Division, Rows
from sign_recognition.training.settings import ConfigError

# Foreign clips are cut into windows that begin so long after each other, in windows.
_STEP = 0.25
_FEWEST_REST_FRAMES = 3
# Of the frames that see a hand, so many still belong to its coming up.
_COMING_UP_FRAMES = 2
# One window in so many is one in which nothing was seen.
_NOTHING_SEEN = 100


def prepare(
    clips: ClipSet, division: Division, folder: ClipFolder, config: ClipConfig, console: Console
) -> tuple[ClipSet, Division]:
    """Correct the labels of the training clips, and add clips of 'none', as a configuration says.

    The rows of the clips stay, and what is held out keeps its label; new clips follow them.

    Raises:
        ConfigError: a correction fits no clip, no foreign clip is left, or one is of another space.
        DatasetError: a foreign data set is missing or broken.
    """
    clips, division = _correct(clips, division, config)
    if config.rests:
        clips, rows = _append(clips, *_rests(clips.windows[division.train], config))
        division = replace(division, train=np.concatenate([division.train, rows]))
    if config.foreign:
        windows, shown, sources = _foreign(folder, clips, config, console)
        footage = _held_out(sources, config)
        apart = np.isin(sources, footage)
        clips, rows = _append(clips, windows, shown)
        train, held_out = rows[~apart], rows[apart & (np.array(shown) == NONE_LABEL)]
        division = replace(
            division,
            train=np.concatenate([division.train, train]),
            foreign=held_out,
            footage=footage,
        )
    return clips, division


def _correct(clips: ClipSet, division: Division, config: ClipConfig) -> tuple[ClipSet, Division]:
    shown, dropped = list(clips.shown), set()
    pairs = [*zip(clips.signers, clips.shown, strict=True)]
    for each in config.corrections:
        rows = [row for row, pair in enumerate(pairs) if pair == (each['signer'], each['label'])]
        if not rows:
            raise ConfigError(
                f'corrections: signer {each["signer"]!r} has no clip of {each["label"]!r}'
            )
        for row in {*rows} - {*division.held_out.tolist()}:
            shown[row] = each.get('shown', shown[row])
            if 'shown' not in each:
                dropped.add(row)
    kept = np.array([row not in dropped for row in division.train], bool)
    return replace(clips, shown=tuple(shown)), replace(division, train=division.train[kept])


def _append(clips: ClipSet, windows: Points, shown: list[str]) -> tuple[ClipSet, Rows]:
    """More clips, and their rows."""
    rows = np.arange(len(clips), len(clips) + len(shown))
    nobody = ('',) * len(shown)
    more = replace(
        clips,
        windows=np.concatenate([clips.windows, windows]),
        shown=(*clips.shown, *shown),
        fine=(*clips.fine, *shown),
        signers=(*clips.signers, *nobody),
        splits=(*clips.splits, *nobody),
    )
    return more, rows


def _rests(windows: Points, config: ClipConfig) -> tuple[Points, list[str]]:
    """Hands at rest, hands that come up and go down again, and nothing seen at all."""
    rng = np.random.default_rng((config.seed, 2))
    chosen = windows[rng.random(len(windows)) < config.rests]
    rests = [rest for rest in map(_rest, chosen) if rest is not None]
    rests += [np.full_like(windows[0], np.nan)] * (len(windows) // _NOTHING_SEEN)
    return np.array(rests, np.float32).reshape(-1, *windows.shape[1:]), [NONE_LABEL] * len(rests)


def _rest(window: Points) -> Points | None:
    """The window's beginning, there and back again until it is full; None where it has none."""
    begun = _first(np.isfinite(window[:, POSE]).any(axis=(1, 2)))
    hands = np.isfinite(window[:, LEFT_HAND.start : RIGHT_HAND.stop]).any(axis=(1, 2))
    count = min(_first(hands), len(window)) + _COMING_UP_FRAMES - begun
    if count < _FEWEST_REST_FRAMES or begun + count > len(window):
        return None
    there = np.arange(begun, begun + count)
    rest: Points = window[np.resize(np.concatenate([there, there[::-1]]), len(window))]
    return rest


def _first(flags: npt.NDArray[np.bool_]) -> int:
    """Index of the first True; the length where there is none."""
    return int(flags.argmax()) if flags.any() else len(flags)


def _foreign(
    folder: ClipFolder, clips: ClipSet, config: ClipConfig, console: Console
) -> tuple[Points, list[str], list[str]]:
    """Windows of foreign clips, what each shows, and its source."""
    windows, shown, sources = [], [], []
    labels = clips.labels
    for name in config.foreign:
        more = open_folder(folder.path.parent / name)
        for clip in track(more.clips(), f'clips of {name}', more.count, console=console):
            if any(clip.source.startswith(each) for each in config.foreign_skip):
                continue
            if clip.space != clips.space:
                raise ConfigError(
                    f'foreign: {name}: clip {clip.id!r} of space {clip.space!r}, '
                    f'allowed is {clips.space!r}, that of the data'
                )
            for window in _cut(clip, config):
                windows.append(window)
                shown.append(clip.label if clip.label in labels else NONE_LABEL)
                # A pack is one file of many clips: each is a source of its own.
                sources.append(f'{name}/{clip.id}')
    if not windows:
        raise ConfigError(f'foreign: {list(config.foreign)}, no clip is left')
    return np.array(windows, np.float32), shown, sources


def _cut(clip: Clip, config: ClipConfig) -> Iterator[Points]:
    points, times_s = clip.points.astype(np.float32), clip.times_s
    window_s = config.window_frames / config.rate_hz
    for end_s in np.arange(min(window_s / 2, times_s[-1]), times_s[-1] + 1e-6, _STEP * window_s):
        until = int(np.searchsorted(times_s, end_s, side='right'))
        yield clip_window(
            points[:until], times_s[:until], 'newest', config.window_frames, config.rate_hz
        )


def _held_out(sources: list[str], config: ClipConfig) -> tuple[str, ...]:
    """One source in as many as there are folds; none where no signer is held out either."""
    if config.fold is None and not config.held_out_signers:
        return ()
    count = config.folds if isinstance(config.folds, int) else len(config.folds)
    return tuple(sorted({*sources})[config.fold or 0 :: count])
