"""The reader of SHREC'17 on a tiny folder in the real format, and on the real data where it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sign_recognition.datasets.shrec17 import Shrec17Error, read_clips
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND
from sign_recognition.vocabulary import GESTURES

ROW = '7 2 13 1 7 14 3'
CLIP = 'gesture_7/finger_2/subject_13/essai_1/skeletons_world.txt'
REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get('SIGN_RECOGNITION_DATA', REPOSITORY.parent / 'shared' / 'data'))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two clips, one in each list; joint j of frame f lies at (j, 100 + j, f) metres."""
    write_clip(tmp_path / CLIP, frames=3)
    write_clip(tmp_path / CLIP.replace('subject_13', 'subject_2'), frames=2)
    (tmp_path / 'train_gestures.txt').write_text(ROW + '\n')
    (tmp_path / 'test_gestures.txt').write_text('7 2 2 1 7 14 2\n\n')
    return tmp_path


def write_clip(path: Path, frames: int) -> None:
    path.parent.mkdir(parents=True)
    lines = [' '.join(f'{j} {100 + j} {f}' for j in range(22)) for f in range(frames)]
    path.write_text('\n'.join(lines) + '\n')


def test_both_lists_are_read(root: Path) -> None:
    clips = read_clips(root)
    assert [(c.label, c.signer, c.fingers, c.attempt) for c in clips] == [
        ('Swipe Right', '13', 2, 1),
        ('Swipe Right', '2', 2, 1),
    ]
    assert {(clip.rate_hz, clip.space) for clip in clips} == {(30.0, 'world')}


@pytest.mark.parametrize('only', ['train_gestures.txt', 'test_gestures.txt'])
def test_one_list_is_enough(root: Path, only: str) -> None:
    for name in {'train_gestures.txt', 'test_gestures.txt'} - {only}:
        (root / name).unlink()
    assert len(read_clips(root)) == 1


def test_points_are_in_the_layout(root: Path) -> None:
    points = read_clips(root)[0].points
    assert points.shape == (3, 75, 3) and points.dtype == np.float32
    assert np.isnan(points[:, LEFT_HAND]).all() and np.isnan(points[:, POSE]).all()
    joints_without_palm = [0, *range(2, 22)]
    hand = points[2, RIGHT_HAND]
    assert hand[:, 0].tolist() == joints_without_palm
    assert hand[:, 1].tolist() == [-(100 + joint) for joint in joints_without_palm]
    assert (hand[:, 2] == 2).all()


def break_list(root: Path, row: str) -> None:
    (root / 'train_gestures.txt').write_text(row)


@pytest.mark.parametrize(
    ('row', 'named'),
    [
        ('7 2 13 1 15 14 3', r'train_gestures\.txt:1: label 15, allowed are 1 to 14'),
        ('7 2 13 1 7 3', r'train_gestures\.txt:1: 6 columns, allowed are 7'),
        ('7 2 x 1 7 14 3', r"train_gestures\.txt:1: '7 2 x 1 7 14 3'"),
        ('7 2 13 1 7 14 4', r'skeletons_world\.txt: 198 numbers, 4 frames .* 264'),
        ('7 2 99 1 7 14 3', r'subject_99/essai_1/skeletons_world\.txt: missing'),
    ],
)
def test_a_broken_list_is_named(root: Path, row: str, named: str) -> None:
    break_list(root, row)
    with pytest.raises(Shrec17Error, match=named) as error:
        read_clips(root)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('1 2 three', 'three'),
        ('', '0 numbers'),
        ('nan ' * 198, 'not finite'),
    ],
)
def test_a_broken_clip_is_named(root: Path, text: str, named: str) -> None:
    (root / CLIP).write_text(text)
    with pytest.raises(Shrec17Error, match=f'skeletons_world.txt.*{named}'):
        read_clips(root)


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Shrec17Error, match=r'neither train_gestures\.txt nor test_gestures\.txt'):
        read_clips(tmp_path)


def test_the_real_data() -> None:
    root = DATA / 'shrec17' / 'HandGestureDataset_SHREC2017'
    if not root.is_dir():
        pytest.skip(f'NOT TESTED on real data: {root} is missing (set SIGN_RECOGNITION_DATA)')
    clips = read_clips(root)
    assert len(clips) >= 1960
    assert {clip.label for clip in clips} == set(GESTURES)
    # Fingers up, palm a tenth of a metre long: y grows downwards, and the unit is the metre.
    palms = np.stack([clip.points[0, 21 + 9] - clip.points[0, 21] for clip in clips])
    assert np.median(palms[:, 1]) < -0.05
    assert 0.08 < np.median(np.linalg.norm(palms, axis=1)) < 0.13
    # A swipe to the right moves to the right.
    reach = [np.ptp(c.points[:, 21, 0]) for c in clips if c.label == 'Swipe Right']
    first = [c.points[:, 21, 0] - c.points[0, 21, 0] for c in clips if c.label == 'Swipe Right']
    assert np.median(reach) > 0.1
    assert np.mean([path.max() > -path.min() for path in first]) > 0.9


def test_a_list_that_is_no_text_is_named(root: Path) -> None:
    (root / 'train_gestures.txt').write_bytes(b'\xff\xfe7 2 13')
    with pytest.raises(Shrec17Error, match=r'train_gestures\.txt: is no text'):
        read_clips(root)


def test_a_byte_order_mark_and_blanks_do_not_matter(root: Path) -> None:
    (root / 'train_gestures.txt').write_text(f'\ufeff  {ROW}\t\r\n\r\n', encoding='utf-8')
    assert len(read_clips(root)) == 2
