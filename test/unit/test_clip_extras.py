"""What training clips gain: corrected labels, and clips of no sign."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

from rich.console import Console

from sign_recognition.datasets.clip import Clip
from sign_recognition.datasets.clip_folder import open_folder
from sign_recognition.datasets.store import DatasetInfo, write_dataset
from sign_recognition.decision import NONE_LABEL
from sign_recognition.landmarks import POSE, RIGHT_HAND
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import ClipSet, Division, divide, read_clip_set
from sign_recognition.training.clip_extras import prepare
from sign_recognition.training.settings import ConfigError

FRAMES, RATE_HZ = 10, 10.0
SIGNERS = ('ann', 'bob', 'cem')


def clip(name: str, label: str, signer: str, hand_from: int = 0, frames: int = FRAMES) -> Clip:
    """A body whose right hand comes into view at a frame; its x is the frame's number."""
    points = np.full((frames, 75, 3), np.nan, np.float32)
    points[:, POSE] = np.arange(frames)[:, None, None]
    points[hand_from:, RIGHT_HAND] = 0.5
    return Clip(name, label, points, RATE_HZ, signer, source=f'{name}.mp4')


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three signers who show yes and no, and foreign clips beside them."""
    sets = {
        'own': [
            clip(f'{signer}-{label}', label, signer, hand_from=4)
            for signer in SIGNERS
            for label in ('yes', 'no')
        ],
        'other': [
            clip('walk', 'walking', '', frames=20),
            clip('cup', 'cups', ''),
            clip('seen', 'yes', ''),
            clip('left_out', 'walking', ''),
        ],
    }
    for name, clips in sets.items():
        (tmp_path / name).mkdir()
        write_dataset(tmp_path / name, DatasetInfo(name, 'test'), clips)
    return tmp_path / 'own'


def prepared(data: Path, **settings: Any) -> tuple[ClipSet, Division]:
    config = ClipConfig(
        'test', window_frames=FRAMES, rate_hz=RATE_HZ, clip_fit='newest',
        held_out_signers=('cem',), folds=3, **settings,
    )  # fmt: skip
    folder, console = open_folder(data), Console(quiet=True)
    clips = read_clip_set(folder, config, console)
    return prepare(clips, divide(clips, config), folder, config, console)


def of(clips: ClipSet, rows: Any) -> list[tuple[str, str]]:
    return sorted((clips.signers[row], clips.shown[row]) for row in rows)


def test_corrections_change_what_is_learnt_and_not_what_is_judged(data: Path) -> None:
    wrong = (
        {'signer': 'ann', 'label': 'yes', 'shown': 'no'},
        {'signer': 'bob', 'label': 'no'},
        {'signer': 'cem', 'label': 'yes', 'shown': 'no'},
    )
    clips, division = prepared(data, corrections=wrong)
    assert of(clips, division.train) == [('ann', 'no'), ('ann', 'no'), ('bob', 'yes')]
    assert of(clips, division.held_out) == [('cem', 'no'), ('cem', 'yes')]


def test_a_correction_that_fits_nothing_is_named(data: Path) -> None:
    with pytest.raises(ConfigError, match="'eve'.*'yes'"):
        prepared(data, corrections=({'signer': 'eve', 'label': 'yes'},))


def test_foreign_clips_are_none_unless_they_show_a_sign(data: Path) -> None:
    clips, division = prepared(data, foreign=('other',), foreign_skip=('left_out',))
    foreign = [*division.train[4:], *division.foreign]
    assert {clips.shown[row] for row in foreign} == {'yes', NONE_LABEL}
    assert clips.labels == ('no', 'yes', NONE_LABEL)
    # The first third of the sources, in the order of their names, is held out: the cup.
    assert of(clips, division.foreign) == [('', NONE_LABEL)] * 2
    assert len(foreign) == 2 + 2 + 6, 'the longer clip gives more windows'
    assert not {*division.train} & {*division.foreign}


def test_foreign_clips_are_in_the_space_of_the_data(data: Path) -> None:
    in_metres = [replace(clip('far', 'walking', ''), space='world')]
    (data.parent / 'metres').mkdir()
    write_dataset(data.parent / 'metres', DatasetInfo('metres', 'test'), in_metres)
    with pytest.raises(ConfigError, match="foreign: metres: clip 'far' of space 'world'.*'image'"):
        prepared(data, foreign=('other', 'metres'))


def test_a_rest_is_the_beginning_there_and_back(data: Path) -> None:
    clips, division = prepared(data, rests=1.0)
    rests = [row for row in division.train if clips.shown[row] == NONE_LABEL]
    assert len(rests) == 4
    for window in clips.windows[rests]:
        assert window[:, POSE.start, 0].tolist() == [0, 1, 2, 3, 4, 5, 5, 4, 3, 2]
        seen = np.isfinite(window[:, RIGHT_HAND]).any(axis=(1, 2))
        assert seen.tolist() == [False] * 4 + [True] * 4 + [False] * 2


def test_who_recorded_much_weighs_less(data: Path) -> None:
    clips, _ = prepared(data)
    many = ClipSet(
        clips.windows, ('yes', 'yes', 'yes', 'yes', 'no', 'none'), clips.fine,
        ('ann', 'ann', 'ann', 'ann', 'bob', ''), clips.splits, 'image',
    )  # fmt: skip
    config = ClipConfig('test', balance=0.5, foreign_weight=0.3)
    weights = many.weights(np.arange(6), config)
    assert weights[4] == pytest.approx(2 * weights[0])
    assert weights[:5].mean() == pytest.approx(1)
    assert weights[5] == pytest.approx(0.3)
    np.testing.assert_array_equal(many.weights(np.arange(6), ClipConfig('test')), 1)
