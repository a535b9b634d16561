"""Truth as people write it down: what is read, and what each malformed file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.truth import TruthError, parse_renamed, read_truth

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT VERSION="3.0"><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1250"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER TIER_ID="gesture"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1"
 TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="{end}"><ANNOTATION_VALUE>links</ANNOTATION_VALUE>
</ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="notes">{notes}</TIER></ANNOTATION_DOCUMENT>
"""
NOTE = """<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1"
 TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>blurred</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>
</ANNOTATION>"""


def write(path: Path, text: str, encoding: str = 'utf-8') -> Path:
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize('delimiter', [',', ';', '\t'])
def test_a_csv_is_read_in_order_of_time(tmp_path, delimiter):
    text = 'start,end,label,note\n3,4,left,\n1, 2 ,Shake,x\n'.replace(',', delimiter)
    truth = read_truth(write(tmp_path / 'a.csv', text, 'utf-8-sig'), {'left': 'Swipe Left'})
    assert truth.of(tmp_path / 'any.mcap') == (
        Interval('Shake', 1.0, 2.0),
        Interval('Swipe Left', 3.0, 4.0),
    )


def test_rows_belong_to_the_clip_whose_path_ends_like_theirs(tmp_path):
    text = 'clip,start_s,end_s,image_motion\na/x.mp4,1,2,up\nb/x.mp4,3,4,up\nquiet.mpeg,,,none\n'
    truth = read_truth(write(tmp_path / 'truth.csv', text), {})
    assert truth.of(Path('/data/a/x.mp4')) == (Interval('up', 1.0, 2.0),)
    assert truth.of(Path('/bags/b/x')) == (Interval('up', 3.0, 4.0),)
    assert truth.of(Path('/bags/quiet')) == ()
    assert truth.of(Path('/bags/c/x')) is None
    assert truth.of(Path('x.mp4')) is None


def test_clips_that_no_recording_is_are_named(tmp_path):
    text = 'clip,start,end,label\na/one,1,2,up\none.mp4,1,2,up\ntow,,,none\n'
    truth = read_truth(write(tmp_path / 'truth.csv', text), {})
    assert truth.unused([Path('/bags/b/one'), Path('/bags/two')]) == ['a/one', 'tow']


def test_two_clips_that_fit_one_recording_are_refused(tmp_path):
    text = 'clip,start,end,label\nx.mp4,1,2,up\nx.gif,1,2,up\n'
    truth = read_truth(write(tmp_path / 'truth.csv', text), {})
    with pytest.raises(TruthError, match='bags/x may be any of .*x.mp4.*x.gif'):
        truth.of(Path('/bags/x'))


def test_a_file_without_rows_says_that_nothing_was_performed(tmp_path):
    truth = read_truth(write(tmp_path / 'truth.csv', 'start,end,label\n'), {})
    assert truth.of(tmp_path) == ()


def test_truth_of_one_recording_is_not_spread_over_several(tmp_path):
    truth = read_truth(write(tmp_path / 'truth.csv', 'start,end,label\n1,2,a\n'), {})
    truth.check_covers([tmp_path])
    with pytest.raises(TruthError, match='no column clip.* given are 2'):
        truth.check_covers([tmp_path, tmp_path])


def test_a_label_that_is_renamed_to_none_is_nothing(tmp_path):
    path = write(tmp_path / 'truth.csv', 'start,end,label\n1,2,rest\n')
    assert read_truth(path, {'rest': 'none'}).of(tmp_path) == ()


@pytest.mark.parametrize(
    ('text', 'fault'),
    [
        ('', r'row 1: columns \[\]'),
        ('begin,label\n', 'row 1: .*needed are start, end, label'),
        ('start,end,label\n1,2,a\n1,2\n', 'row 3: 2 values, the first row names 3'),
        ('start,end,label\none,2,a\n', "row 2: start 'one', allowed is 0 or more"),
        ('start,end,label\n-1,2,a\n', "row 2: start '-1'"),
        ('start,end,label\n1,inf,a\n', "row 2: end 'inf'"),
        ('start,end,label\n2,2,a\n', 'row 2: end 2 is not after start 2'),
        ('start,end,label\n1,,a\n', "row 2: end ''"),
        ('clip,start,end,label\n,1,2,a\n', 'row 2: clip is empty'),
        ('start,end,label\n1,2,"a\n', 'cannot be read'),
    ],
)
def test_a_malformed_csv_is_told_with_its_row(tmp_path, text, fault):
    path = write(tmp_path / 'truth.csv', text)
    with pytest.raises(TruthError, match=fault) as error:
        read_truth(path, {})
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value)


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / 'truth.csv'
    path.write_bytes(b'start,end,label\n\xff\xfe,2,a\n')
    with pytest.raises(TruthError, match='cannot be read'):
        read_truth(path, {})
    with pytest.raises(TruthError, match='is no file'):
        read_truth(tmp_path / 'missing.csv', {})


def test_an_eaf_is_read(tmp_path):
    path = write(tmp_path / 'a.eaf', EAF.format(end='ts2', notes=''))
    truth = read_truth(path, {'links': 'Swipe Left'})
    assert truth.of(tmp_path) == (Interval('Swipe Left', 0.5, 1.25),)


def test_of_several_tiers_one_is_named(tmp_path):
    path = write(tmp_path / 'a.eaf', EAF.format(end='ts2', notes=NOTE))
    with pytest.raises(TruthError, match=r"name one tier of \['gesture', 'notes'\]"):
        read_truth(path, {})
    with pytest.raises(TruthError, match="tier 'x', there are"):
        read_truth(path, {}, 'x')
    assert read_truth(path, {}, 'gesture').of(tmp_path) == (Interval('links', 0.5, 1.25),)


@pytest.mark.parametrize(
    ('text', 'fault'),
    [
        (EAF.format(end='ts3', notes=''), "annotation a1: end ''"),
        ('<html/>', "is no ELAN file .its root is 'html'"),
        ('no xml', 'is no XML file'),
        ('<ANNOTATION_DOCUMENT/>', 'name one tier of'),
    ],
)
def test_a_malformed_eaf_is_told(tmp_path, text, fault):
    path = write(tmp_path / 'a.eaf', text)
    with pytest.raises(TruthError, match=fault) as error:
        read_truth(path, {})
    assert str(path) in str(error.value)


def test_pairs_of_labels_are_read_or_refused():
    assert parse_renamed(['left=Swipe Left', 'a=b=c']) == {'left': 'Swipe Left', 'a': 'b=c'}
    for pair in ('left', '=x', 'left='):
        with pytest.raises(TruthError, match='truth-map'):
            parse_renamed([pair])
