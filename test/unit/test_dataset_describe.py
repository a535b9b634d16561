"""What a data set holds, what leaks from split to split, and splits that do not leak."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.description import describe
from sign_recognition.datasets.page import facts, page
from sign_recognition.datasets.splitting import split_clips
from sign_recognition.datasets.store import Dataset, DatasetInfo, DatasetWriter
from sign_recognition.datasets.twins import descriptor, near_twins
from sign_recognition.landmarks import LEFT_HAND, POSE, RIGHT_HAND


def clip(seed, frames=20, **changes):
    """Hands that wander, each clip its own way."""
    rng = np.random.default_rng(seed)
    points = np.full((frames, 75, 3), np.nan, np.float32)
    way = np.cumsum(rng.normal(0, 0.02, (frames, 1, 3)), axis=0)
    points[:, RIGHT_HAND] = 0.5 + way + rng.normal(0, 0.05, (21, 3))
    named = {'id': f'clip{seed}', 'label': f'label{seed % 3}', 'signer': f's{seed % 5}'}
    return Clip(**({**named, 'points': points, 'rate_hz': 20.0} | changes))


def copied(one, id, change=lambda points: points, **facts):
    return replace(one, id=id, points=change(one.points.copy()).astype(np.float32), **facts)


@pytest.fixture
def make(tmp_path):
    def make(clips):
        writer = DatasetWriter(tmp_path / 'data', DatasetInfo('<tiny>', 'csv'), {})
        for each in clips:
            writer.add(each)
        writer.finish()
        return Dataset(tmp_path / 'data')

    return make


def test_figures(make):
    clips = [clip(i, frames=10 + i) for i in range(7)]
    clips[0].points[:5, RIGHT_HAND] = np.nan
    clips[3].points[:, LEFT_HAND] = 0.1
    clips[3].points[:, POSE] = 0.2
    description = describe(make(clips))
    assert description.labels == {'label0': 3, 'label1': 2, 'label2': 2}
    assert list(description.signers.values()) == [2, 2, 1, 1, 1]
    assert description.frames.tolist() == list(range(10, 17))
    assert description.duration_s == pytest.approx(sum(range(10, 17)) / 20)
    frames = 10 + 13 + 16  # of label0
    expected = [26 / frames, 5 / frames, 26 / frames, 5 / frames]
    np.testing.assert_allclose(description.missing['label0'], expected)
    assert not description.leaks.any


def test_copies_in_another_split_are_found(make):
    one, two = clip(1, split='train'), clip(2, split='train')
    clips = [
        one, two, clip(3, split='test'),
        copied(one, 'same', split='test', signer='x'),
        copied(one, 'same in its own split', signer='y'),
        copied(two, 'near', lambda p: 0.7 * p + 0.2, split='test', signer='z'),
    ]  # fmt: skip
    description = describe(make(clips))
    leaks = description.leaks
    assert (leaks.same, leaks.near) == ([('clip1', 'same')], [('clip2', 'near')])
    assert (leaks.signers, leaks.groups) == ([], 'split')
    assert description.duplicates == 2
    assert facts(description)['leaks'] == '1 copies, 1 near copies between splits'


def test_without_splits_signers_are_compared(make):
    one = clip(1)
    leaks = describe(make([one, clip(2), copied(one, 'same', signer='x')])).leaks
    assert (leaks.groups, leaks.same) == ('signer', [('clip1', 'same')])


def test_a_signer_on_both_sides_is_a_leak(make):
    clips = [clip(1, split='train'), clip(6, split='test'), clip(2, split='train')]
    assert describe(make(clips)).leaks.signers == ['s1']


@pytest.mark.parametrize(
    'change',
    [
        lambda p: p + np.float32(0.3),
        lambda p: 1.8 * p,
        lambda p: p + np.random.default_rng(0).normal(0, 0.001, p.shape),
        lambda p: p.astype(np.float16),
    ],
)
def test_what_a_copy_may_differ_in(change):
    one = clip(1)
    rows = np.stack([descriptor(one), descriptor(copied(one, 'copy', change))])
    assert near_twins(rows, ['train', 'test']) == [(0, 1)]
    assert near_twins(rows, ['train', 'train']) == []


def test_other_clips_are_no_copies():
    rows = np.stack([descriptor(clip(i)) for i in range(100)])
    assert near_twins(rows, [i % 2 for i in range(100)]) == []


def test_clips_in_which_no_hand_is_seen_are_like_nothing():
    nothing = copied(clip(1), 'nothing', lambda p: p * np.nan)
    rows = np.stack([descriptor(nothing), descriptor(nothing)])
    assert np.isfinite(rows).all()
    assert near_twins(rows, ['train', 'test']) == []


def test_the_page_is_whole_and_needs_nothing_beside_it(make):
    one = clip(1, split='train')
    many = [clip(i, label=f'<{i}>', split='train') for i in range(2, 30)]
    html = page(describe(make([one, copied(one, 'twin', split='test'), *many])))
    assert html.count('<svg') == 1
    assert '&lt;tiny&gt;' in html and '<tiny>' not in html and '<5>' not in html
    assert 'and 9 classes more' in html
    assert 'twin' in html
    assert 'src=' not in html and '<script' not in html and '<link' not in html


# splits


@pytest.fixture
def data(make):
    return make([clip(i, frames=2, signer=f's{i % 10}') for i in range(120)])


def test_no_signer_trains_and_judges(data):
    split, fold = split_clips(data, 'signer', 5, 0)
    signers, labels = data.column('signer'), data.column('label')
    folds = {signer: {f for f, s in zip(fold, signers, strict=True) if s == signer}
             for signer in set(signers)}  # fmt: skip
    assert all(len(where) == 1 for where in folds.values())
    assert Counter(fold) == dict.fromkeys(range(5), 24)
    assert {s for s, f in zip(split, fold, strict=True) if f == 0} == {'test'}
    assert {s for s, f in zip(split, fold, strict=True) if f != 0} == {'train'}
    held_out = Counter(lab for lab, s in zip(labels, split, strict=True) if s == 'test')
    assert held_out == {'label0': 8, 'label1': 8, 'label2': 8}


@pytest.mark.parametrize('by', ['signer', 'random'])
def test_a_seed_says_it_all(data, by):
    assert split_clips(data, by, 5, 3) == split_clips(data, by, 5, 3)
    assert split_clips(data, by, 5, 3) != split_clips(data, by, 5, 4)


def test_random_gives_each_fold_its_share(data):
    _, fold = split_clips(data, 'random', 3, 0)
    pairs = Counter(zip(fold, data.column('label'), strict=True))
    assert set(pairs.values()) <= {13, 14} and len(pairs) == 9


def test_official(make):
    data = make([clip(0, official='train'), clip(1, official='test')])
    assert split_clips(data, 'official', 5, 0) == (['train', 'test'], [-1, -1])


@pytest.mark.parametrize(
    ('by', 'folds', 'message'),
    [
        ('age', 5, "by: 'age', allowed are signer, official, random"),
        ('official', 5, '120 of 120 clips have no official split'),
        ('signer', 11, 'folds: 11, allowed are 2 to 10, one a signer'),
        ('random', 121, 'folds: 121, allowed are 2 to 120'),
        ('signer', 1, 'folds: 1, allowed'),
    ],
)
def test_what_cannot_be_split_is_named(data, by, folds, message):
    with pytest.raises(DatasetError, match=message):
        split_clips(data, by, folds, 0)


def test_unknown_signers_cannot_be_split_by(make):
    with pytest.raises(DatasetError, match='of 1 of 2 clips the signer is not known'):
        split_clips(make([clip(0), clip(1, signer='')]), 'signer', 2, 0)
