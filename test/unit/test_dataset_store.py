"""The landmark data set on disk: what goes in comes out, and nobody sees half of it."""

from pathlib import Path

import numpy as np
import pytest

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import Failure
from sign_recognition.datasets.store import (
    CLIPS_FILE,
    CLIPS_PER_GROUP,
    FAILURES_FILE,
    Dataset,
    DatasetInfo,
    DatasetWriter,
)

INFO = DatasetInfo('tiny', 'csv', 'public domain', '/somewhere')


def clip(number, **changes):
    """A clip of a few frames, some points of which were not seen."""
    rng = np.random.default_rng(number)
    points = rng.random((2 + number % 5, 75, 3), np.float32)
    points[0, 3] = np.nan
    facts = {'id': f'clip{number}', 'label': f'label{number % 3}', 'signer': f's{number % 4}'}
    return Clip(**({**facts, 'points': points, 'rate_hz': 30.0} | changes))


def write(folder, clips, **options):
    writer = DatasetWriter(folder, INFO, {}, **options)
    for each in clips:
        writer.add(each)
    writer.finish()
    return Dataset(folder)


def facts_of(each):
    return {name: value for name, value in vars(each).items() if name not in ('points', 'stamps_s')}


@pytest.fixture
def clips():
    uneven = clip(1, stamps_s=np.array([0.0, 0.04, 0.1]), start_s=2.5)
    world = clip(2, space='world', official='test', split='val', fold=3)
    return [clip(0, mirrored=False, size_px=(640, 480), source='a/b.mp4'), uneven, world]


def test_what_is_written_is_read(tmp_path, clips):
    data = write(tmp_path / 'data', clips)
    assert data.info == INFO
    for before, after in zip(clips, data.clips(), strict=True):
        assert facts_of(after) == facts_of(before)
        np.testing.assert_array_equal(after.points, before.points)
        np.testing.assert_array_equal(after.times_s, before.times_s)
    assert data.clip(1).stamps_s is not None and data.clip(0).stamps_s is None


def test_points_are_views_and_no_copies(tmp_path, clips):
    for each in write(tmp_path / 'data', clips).clips():
        assert not each.points.flags.owndata and not each.points.flags.writeable


def test_half_is_near_enough_and_smaller(tmp_path, clips):
    data = write(tmp_path / 'data', clips, half=True)
    for before, after in zip(clips, data.clips(), strict=True):
        assert after.points.dtype == np.float16
        np.testing.assert_allclose(after.points, before.points, atol=5e-4)


def test_any_clip_is_read_alone(tmp_path):
    data = write(tmp_path / 'data', map(clip, range(2 * CLIPS_PER_GROUP + 5)))
    assert len(data) == 2 * CLIPS_PER_GROUP + 5
    for row in (0, CLIPS_PER_GROUP, 3, CLIPS_PER_GROUP - 1, len(data) - 1):
        assert data.clip(row).id == f'clip{row}'
    with pytest.raises(IndexError):
        data.clip(len(data))


def test_a_data_set_is_there_when_it_is_finished_and_not_before(tmp_path):
    folder = tmp_path / 'data'
    writer = DatasetWriter(folder, INFO, {})
    writer.add(clip(0))
    writer.flush()
    with pytest.raises(DatasetError, match=r'data: is no data set .*is not finished'):
        Dataset(folder)
    writer.finish([Failure('x', 'x.mp4', 'broken')])
    assert sorted(path.name for path in folder.iterdir()) == [CLIPS_FILE, FAILURES_FILE]
    assert (folder / FAILURES_FILE).read_text().splitlines()[1] == 'x,x.mp4,broken'
    assert [path.name for path in tmp_path.iterdir()] == ['data']


def test_what_was_flushed_is_not_asked_for_again(tmp_path):
    first = DatasetWriter(tmp_path / 'data', INFO, {'classes': 3})
    first.add(clip(0))
    first.flush()
    first.add(clip(1))  # never flushed: the process died
    second = DatasetWriter(tmp_path / 'data', INFO, {'classes': 3})
    assert second.done == {'clip0'}
    second.add(clip(2))
    second.finish()
    assert Dataset(tmp_path / 'data').column('id') == ['clip0', 'clip2']


@pytest.mark.parametrize('removed', range(5))
def test_an_import_cut_in_its_last_step_loses_nothing(tmp_path, monkeypatch, removed):
    """Wherever it is cut among the removals, of the parts and then of the note."""
    first = DatasetWriter(tmp_path / 'data', INFO, {'classes': 3})
    for number in range(4):
        first.add(clip(number))
        first.flush()
    unlink, left = Path.unlink, iter(range(removed))

    def unlink_or_die(path, **options):
        # Of write_whole, when nothing is there any more.
        if not path.exists():
            return
        if next(left, None) is None:
            raise KeyboardInterrupt
        unlink(path, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, 'unlink', unlink_or_die)
        first.finish()
    second = DatasetWriter(tmp_path / 'data', INFO, {'classes': 3})
    for number in range(4):
        if f'clip{number}' not in second.done:
            second.add(clip(number))
            second.flush()
    second.finish()
    assert sorted(Dataset(tmp_path / 'data').column('id')) == ['clip0', 'clip1', 'clip2', 'clip3']


def test_another_import_is_not_mixed_in(tmp_path):
    DatasetWriter(tmp_path / 'data', INFO, {'classes': 3})
    with pytest.raises(DatasetError, match=r'data\.unfinished: .* other options'):
        DatasetWriter(tmp_path / 'data', INFO, {'classes': 4})


def test_a_data_set_is_never_overwritten(tmp_path, clips):
    write(tmp_path / 'data', clips)
    with pytest.raises(DatasetError, match='is there already'):
        DatasetWriter(tmp_path / 'data', INFO, {})


def test_a_clip_comes_once(tmp_path):
    writer = DatasetWriter(tmp_path / 'data', INFO, {})
    writer.add(clip(0))
    with pytest.raises(DatasetError, match="'clip0': is there twice"):
        writer.add(clip(0))


@pytest.mark.parametrize(
    ('changes', 'fault'),
    [
        ({'points': np.zeros((2, 42, 3), np.float32)}, r'\(2, 42, 3\), allowed is \(F, 75, 3\)'),
        ({'points': np.zeros((2, 75, 3))}, 'float64'),
        ({'points': np.zeros((0, 75, 3), np.float32)}, 'no frames'),
        ({'points': np.full((2, 75, 3), np.inf, np.float32)}, 'infinite'),
        ({'rate_hz': 0.0}, r'rate_hz: 0\.0'),
        ({'rate_hz': float('nan')}, 'rate_hz: nan'),
        ({'label': ''}, 'label'),
        ({'space': 'moon'}, "'moon', allowed are"),
        ({'split': 'Train'}, "split: 'Train'"),
        ({'stamps_s': np.array([0.0, 0.0])}, 'do not increase'),
        ({'stamps_s': np.array([0.0])}, r'\(1,\), allowed is \(2,\)'),
    ],
)
def test_a_wrong_clip_is_named(changes, fault):
    with pytest.raises(DatasetError, match=f"clip 'clip0': .*{fault}"):
        clip(0, **changes)


def damaged(folder, clips, damage):
    write(folder, clips)
    data = bytearray((folder / CLIPS_FILE).read_bytes())
    (folder / CLIPS_FILE).write_bytes(damage(data))


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: b'no parquet at all',
        lambda data: data[: len(data) // 2],
        lambda data: data[len(data) // 2 :],
    ],
)
def test_a_broken_file_is_one_line(tmp_path, clips, damage):
    damaged(tmp_path / 'data', clips, damage)
    with pytest.raises(DatasetError, match=r'clips\.parquet: ') as error:
        list(Dataset(tmp_path / 'data').clips())
    assert '\n' not in str(error.value)


def test_foreign_parquet_is_refused(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({'x': [1]}), tmp_path / CLIPS_FILE)
    with pytest.raises(DatasetError, match='was not written by'):
        Dataset(tmp_path)


def test_another_layout_is_refused(tmp_path, clips):
    writer = DatasetWriter(tmp_path / 'data', DatasetInfo('x', 'csv', layout='old/7'), {})
    writer.add(clips[0])
    writer.finish()
    with pytest.raises(DatasetError, match=r"layout 'old/7', this code reads 'mediapipe-75/1'"):
        Dataset(tmp_path / 'data')


def test_a_split_changes_nothing_else(tmp_path, clips):
    data = write(tmp_path / 'data', clips)
    data.rewrite(['train', 'test', 'train'], [1, 0, 1])
    after = Dataset(tmp_path / 'data')
    assert (after.column('split'), after.column('fold')) == (['train', 'test', 'train'], [1, 0, 1])
    assert after.column('official') == ['', '', 'test']
    for one, other in zip(clips, after.clips(), strict=True):
        np.testing.assert_array_equal(one.points, other.points)


def test_the_mirror_view_is_one_view():
    plain = clip(0, mirrored=False)
    seen = plain.selfie_view()
    np.testing.assert_allclose(seen.points[..., 0], 1 - plain.points[..., 0])
    assert seen.mirrored and seen.selfie_view() is seen
    in_metres = clip(0, mirrored=False, space='world')
    np.testing.assert_allclose(in_metres.selfie_view().points[..., 0], -in_metres.points[..., 0])
