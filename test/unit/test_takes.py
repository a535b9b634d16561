"""Recording takes: keys and stamps in, takes on disk out, and a data set of them."""

import numpy as np
import pytest
from support import frame
from typer.testing import CliRunner

from sign_recognition.cli import app
from sign_recognition.commands.record_clips import run_takes
from sign_recognition.datasets.clip import DatasetError
from sign_recognition.datasets.collection import ImportOptions
from sign_recognition.datasets.importing import open_source
from sign_recognition.datasets.store import CLIPS_FILE, Dataset, DatasetInfo, DatasetWriter
from sign_recognition.datasets.takes import (
    Phase,
    TakeRecorder,
    check_folder,
    check_name,
    count_takes,
    make_dataset,
    save_take,
)
from sign_recognition.sources.base import SourceError
from sign_recognition.sources.player import Shot

PICTURE = np.zeros((48, 64, 3), np.uint8)


def play(recorder, keys, hand=lambda index: True):
    """Ten images a second, a key at some of them; gives the takes that were kept."""
    kept = []
    for index in range(max(keys) + 1):
        seen = frame(index / 10, 0.5 if hand(index) else None)
        take = recorder.step(seen, PICTURE, keys.get(index, ''))
        kept += [take] if take else []
    return kept


def test_the_key_begins_and_ends_a_take_and_another_keeps_it():
    recorder = TakeRecorder(None)
    (take,) = play(recorder, {3: ' ', 8: ' ', 12: 'k'}, hand=lambda index: index < 6)
    assert [f.stamp_ns // 10**8 for f in take.frames] == [3, 4, 5, 6, 7, 8]
    assert take.hand_share == pytest.approx(0.5)
    assert take.duration_s == pytest.approx(0.5)
    assert recorder.phase is Phase.READY


def test_a_take_of_set_length_ends_by_itself():
    (take,) = play(TakeRecorder(0.4), {1: ' ', 3: ' ', 9: 'k'})
    assert take.duration_s == pytest.approx(0.4)


def test_what_is_thrown_away_is_gone():
    recorder = TakeRecorder(None)
    (take,) = play(recorder, {0: ' ', 3: ' ', 4: 'd', 5: 'k', 6: ' ', 8: ' ', 9: 'k'})
    assert take.frames[0].stamp_ns == 600_000_000


def test_keys_that_mean_nothing_now_do_nothing():
    recorder = TakeRecorder(None)
    assert play(recorder, {0: 'k', 1: 'd', 2: 'x', 3: ' ', 4: 'k', 5: 'd'}) == []
    assert recorder.phase is Phase.RECORDING


def take():
    (made,) = play(TakeRecorder(None), {0: ' ', 5: ' ', 6: 'k'})
    return made


def test_kept_takes_are_a_data_set_and_a_source_of_images(tmp_path):
    for label, signer in (('up', 'ann'), ('up', 'ann'), ('down', 'bob')):
        save_take(tmp_path, label, signer, take())
    assert count_takes(tmp_path) == {'up': 2, 'down': 1}
    assert make_dataset(tmp_path) == 3
    clips = list(Dataset(tmp_path).clips())
    assert [(c.id, c.label, c.signer, len(c.points)) for c in clips] == [
        ('down/bob/0000', 'down', 'bob', 6),
        ('up/ann/0000', 'up', 'ann', 6),
        ('up/ann/0001', 'up', 'ann', 6),
    ]
    assert clips[0].rate_hz == pytest.approx(10.0) and clips[0].mirrored
    np.testing.assert_array_equal(clips[0].points, [f.points for f in take().frames])
    images = open_source('images', tmp_path, ImportOptions())
    assert [item.id for item in images.items] == [clip.id for clip in clips]
    assert len(list((tmp_path / 'up/ann/0001').glob('*.jpg'))) == 6


@pytest.mark.parametrize('kept', [2, 600])
def test_a_broken_take_is_named_and_the_data_set_of_before_stays(tmp_path, kept):
    save_take(tmp_path, 'up', 'ann', take())
    make_dataset(tmp_path)
    broken = save_take(tmp_path, 'up', 'ann', take()) / 'landmarks.npz'
    broken.write_bytes(broken.read_bytes()[:kept])
    with pytest.raises(DatasetError, match=r'0001/landmarks\.npz: is no take'):
        make_dataset(tmp_path)
    assert len(Dataset(tmp_path)) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [CLIPS_FILE]


def test_another_data_set_is_not_replaced(tmp_path):
    writer = DatasetWriter(tmp_path / 'data', DatasetInfo('asl8', 'npz'), {})
    writer.finish()
    with pytest.raises(DatasetError, match='data: holds a data set that is not of takes'):
        check_folder(tmp_path / 'data')
    check_folder(tmp_path / 'new')
    save_take(tmp_path / 'new', 'up', 'ann', take())
    make_dataset(tmp_path / 'new')
    check_folder(tmp_path / 'new')


def test_without_takes_there_is_no_data_set(tmp_path):
    assert make_dataset(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('value', ['', '.hidden', 'a/b', '..'])
def test_names_that_are_no_folders_are_refused(value):
    with pytest.raises(DatasetError, match='label: '):
        check_name('label', value)


class Shots:
    """A player of so many images, ten a second; then it is over, or the camera is unplugged."""

    def __init__(self, count, unplugged=False):
        self.count, self.unplugged, self.index, self.closed = count, unplugged, -1, False

    def next(self):
        self.index += 1
        if self.index >= self.count and self.unplugged:
            raise SourceError('unplugged')
        return Shot(self.index / 10, PICTURE, []) if self.index < self.count else None

    def close(self):
        self.closed = True


class SeesAHand:
    closed = False

    def detect(self, image_rgb, stamp_ns):
        return frame(stamp_ns / 1e9)

    def close(self):
        self.closed = True


class Keys:
    """A screen that keeps what it was told, and presses keys."""

    def __init__(self, keys):
        self.keys, self.lines = keys, []

    def show(self, image_bgr, text):
        self.lines.append(text)
        key = self.keys.get(len(self.lines) - 1, '')
        if key == 'C-c':
            raise KeyboardInterrupt
        return key


def run(tmp_path, keys, player):
    screen, detector = Keys(keys), SeesAHand()
    try:
        run_takes(player, detector, TakeRecorder(None), screen, tmp_path, 'up', 'ann')
    finally:
        assert player.closed and detector.closed
    return screen.lines


def test_a_session(tmp_path):
    lines = run(tmp_path, {0: ' ', 4: ' ', 6: 'k', 8: 'q'}, Shots(100))
    assert lines[0] == 'up: space records, q ends (no takes yet)'
    assert lines[2] == 'up: recording 0.1 s'
    assert lines[6] == 'hand found in 100% of 5 images: k keep, d discard'
    assert lines[7] == 'up: space records, q ends (up 1)'
    assert len(lines) == 10
    assert count_takes(tmp_path) == {'up': 1}


@pytest.mark.parametrize('end', ['over', 'unplugged', 'C-c'])
def test_what_was_kept_stays_however_it_ends(tmp_path, end):
    keys = {0: ' ', 4: ' ', 6: 'k'} | ({9: 'C-c'} if end == 'C-c' else {})
    player = Shots(12, unplugged=end == 'unplugged')
    if end == 'unplugged':
        with pytest.raises(SourceError):
            run(tmp_path, keys, player)
    else:
        run(tmp_path, keys, player)
    assert count_takes(tmp_path) == {'up': 1}


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (('a/b', '--signer', 'ann'), "label: 'a/b'"),
        (('up', '--signer', '..'), "signer: '..'"),
        (('up', '--signer', 'ann', '--source', 'nowhere.mp4'), "'nowhere.mp4' is not there"),
        (('up', '--signer', 'ann', '--source', 'signer', '--solution', 'legs'), "'legs'"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, named):
    result = CliRunner().invoke(app, ['record-clips', *arguments, '--out', str(tmp_path / 'out')])
    assert result.exit_code == 2
    assert result.stderr.startswith('error: ') and named in result.stderr
    assert result.stderr.count('\n') == 1
    assert list(tmp_path.iterdir()) == []
