"""`sign-recognition dataset`, from import to split, on the shared data where it is at hand."""

import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sign_recognition.cli import app
from sign_recognition.datasets.collection import Failure
from sign_recognition.datasets.store import FAILURES_FILE, Dataset

DATA = Path(os.environ.get('SIGN_RECOGNITION_DATA', Path(__file__).parents[3] / 'shared' / 'data'))


def call(*arguments):
    return CliRunner().invoke(app, ['dataset', *map(str, arguments)])


def write_table(path):
    lines = ['clip,frame,label,signer,right_hand_0_x,right_hand_0_y,right_hand_0_z']
    for number in range(12):
        for frame in range(5):
            place = f'{0.1 * frame + 0.001 * number * frame},{0.01 * frame * number},0'
            lines.append(f'c{number},{frame},sign{number % 2},s{number % 6},{place}')
    path.write_text('\n'.join(lines))
    return path


def test_import_describe_split(tmp_path):
    table, out, html = write_table(tmp_path / 'signs.csv'), tmp_path / 'out', tmp_path / 'out.html'
    result = call('import', 'csv', table, out)
    assert (result.exit_code, result.stdout) == (0, f'{out}: 12 clips\n')
    result = call('info', out, '--html', html)
    assert result.exit_code == 0
    assert '6, of 2 clips' in result.stdout
    assert html.read_text().startswith('<!DOCTYPE html>')
    result = call('split', out, '--folds', 3)
    assert (result.exit_code, result.stdout) == (0, 'test 4, train 8\n')
    assert 'warning' not in result.stderr
    result = call('split', out, '--by', 'random', '--folds', 2)
    assert result.exit_code == 0
    assert 'warning: the same signers' in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out', 'out.html', 'signs.csv']


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (('import', 'vhs', '{table}', '{out}'), "kind: 'vhs'"),
        (('import', 'npz', '{table}', '{out}'), 'signs.csv: is no pack'),
        (('import', 'csv', '{table}', '{here}'), 'is there already'),
        (('import', 'csv', '{table}', '{out}', '--download'), "download: not of kind 'csv'"),
        (('import', 'csv', '{table}', '{out}', '--solution', 'legs'), "solution: 'legs'"),
        (('info', '{here}'), 'is no data set'),
        (('split', '{out}'), 'is no data set'),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, named):
    places = {'table': write_table(tmp_path / 'signs.csv'), 'out': tmp_path / 'o', 'here': tmp_path}
    result = call(*(each.format(**places) for each in arguments))
    assert result.exit_code == 2
    assert result.stderr.startswith('error: ') and named in result.stderr
    assert result.stderr.count('\n') == 1
    assert [path.name for path in tmp_path.iterdir()] == ['signs.csv']


def test_what_cannot_be_fetched_is_in_the_report(tmp_path, monkeypatch):
    fetched = []

    def fetch(wanted, fetch, progress):
        fetched.extend(wanted)
        return [Failure(each.stem, each.url, 'is private') for each in wanted]

    monkeypatch.setattr('sign_recognition.datasets.downloads.YtDlp', object)
    monkeypatch.setattr('sign_recognition.datasets.downloads.fetch_videos', fetch)
    (tmp_path / 'src').mkdir()
    entry = (
        '[{"text": "eat", "label": 0, "url": "youtu.be/abc", "signer_id": 1,'
        ' "start_time": 0, "end_time": 1, "box": [0, 0, 1, 1]}]'
    )
    (tmp_path / 'src' / 'MSASL_train.json').write_text(entry)
    result = call('import', 'ms-asl', tmp_path / 'src', tmp_path / 'out', '--download')
    assert [each.stem for each in fetched] == ['abc']
    assert result.exit_code == 2
    assert 'youtu.be/abc: cannot be fetched: is private' in result.stderr


def shared(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f'NOT TESTED on real data: {path} is missing (set SIGN_RECOGNITION_DATA)')
    return path


@pytest.mark.parametrize(
    ('name', 'clips', 'labels', 'signers'),
    [
        ('asl8/asl8.npz', 3643, 8, 37),
        ('nsl/nsl.npz', 1255, 50, 7),
        ('wlasl50/wlasl50.npz', 423, 50, 1),
    ],
)
def test_real_packs(tmp_path, name, clips, labels, signers):
    assert call('import', 'npz', shared(name), tmp_path / 'out').exit_code == 0
    data = Dataset(tmp_path / 'out')
    assert len(data) == clips
    assert len(set(data.column('label'))) == labels
    assert len(set(data.column('signer'))) == signers


def test_real_asl_signs(tmp_path):
    sample = shared('asl_signs_sample')
    for each in sample.iterdir():
        (tmp_path / each.name).symlink_to(each)
    names = sorted(path.name for path in (sample / 'train_landmark_files').iterdir())
    rows = [f'train_landmark_files/{name},1,{name},cloud' for name in names]
    index = '\n'.join(['path,participant_id,sequence_id,sign', *rows])
    (tmp_path / 'train.csv').write_text(index)
    assert call('import', 'asl-signs', tmp_path, tmp_path / 'out').exit_code == 0
    for clip in Dataset(tmp_path / 'out').clips():
        # The pose sees a person: shoulders level with each other, left of the image is their right.
        left, right = np.nanmedian(clip.points[:, [53, 54]], axis=0)
        assert 0.2 < left[0] - right[0] < 1 and abs(left[1] - right[1]) < 0.2


def test_real_videos(tmp_path):
    """Three signs, twice each, a broken file among them."""
    source = tmp_path / 'karsl'
    for split in ('train', 'test'):
        for file in sorted((shared('video') / 'karsl' / split).glob('01_01_000[1-3]*.mp4')):
            label = source / file.name[6:10]
            label.mkdir(parents=True, exist_ok=True)
            (label / f'{split}.mp4').symlink_to(file)
    whole = next(source.rglob('*.mp4')).read_bytes()
    (source / '0001' / 'cut.mp4').write_bytes(whole[: len(whole) // 2])
    result = call('import', 'videos', source, tmp_path / 'out', '--workers', 1)
    assert result.exit_code == 0
    assert '0001/cut.mp4' in (tmp_path / 'out' / FAILURES_FILE).read_text()
    data = Dataset(tmp_path / 'out')
    assert sorted(data.column('label')) == ['0001', '0001', '0002', '0002', '0003', '0003']
    for clip in data.clips():
        hands = np.isfinite(clip.points[:, :42, 0]).any(axis=1)
        assert hands.mean() > 0.9
        # A whole person, in image widths of a square image.
        assert np.isfinite(clip.points[:, 42:]).all() and not clip.mirrored
        assert clip.size_px == (256, 256)
