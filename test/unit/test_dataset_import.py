"""Importing: in turn or over processes, broken off and gone on with, and what failed is listed."""

import csv
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.collection import Failure, ImportOptions, Item, Source
from sign_recognition.datasets.downloads import (
    DownloadError,
    Wanted,
    YtDlp,
    fetch_competition,
    fetch_videos,
    video_key,
)
from sign_recognition.datasets.importing import import_clips, new_writer, open_source
from sign_recognition.datasets.store import FAILURES_FILE, Dataset


def clip(name):
    return Clip(name, 'wave', np.zeros((3, 75, 3), np.float32), 30.0, source=name)


def good(name):
    return Item(name, name, partial(clip, name))


def bad(name, error):
    def read():
        raise error

    return Item(name, name, read)


def source(*items, **facts):
    return Source('tiny', 'public domain', items, **facts)


@pytest.fixture
def run(tmp_path):
    """Imports into tmp_path/data; gives what failed."""

    def run(what, progress=lambda done: None, workers=1):
        writer = new_writer(tmp_path / 'data', 'csv', tmp_path, what, ImportOptions(), False)
        return import_clips(what, writer, workers, progress)

    return run


def ids(tmp_path):
    return Dataset(tmp_path / 'data').column('id')


def test_what_fails_is_listed_and_the_rest_is_there(tmp_path, run):
    missing = Failure('gone', 'gone.mp4', 'no video')
    failures = run(
        source(
            good('a'),
            bad('b', DatasetError('b: broken\nin two lines')),
            bad('c', ZeroDivisionError('of a decoder')),
            good('d'),
            missing=(missing,),
        )
    )
    assert ids(tmp_path) == ['a', 'd']
    assert [(f.id, f.reason) for f in failures] == [
        ('b', 'b: broken in two lines'),
        ('c', 'ZeroDivisionError: of a decoder'),
        ('gone', 'no video'),
    ]
    with (tmp_path / 'data' / FAILURES_FILE).open(newline='') as file:
        assert [Failure(**row) for row in csv.DictReader(file)] == failures


@pytest.mark.parametrize(
    ('what', 'message'),
    [
        (source(good('a'), bad('b', DatasetError('b: broken')), one_file=True), 'b: broken'),
        (source(bad('b', OSError('b: unreadable'))), 'none of 1 clips .*, b: b: unreadable'),
        (source(missing=(Failure('m', 'm.mp4', 'no video'),)), 'm.mp4: no video'),
    ],
)
def test_no_half_data_set_is_left(tmp_path, run, what, message):
    with pytest.raises(DatasetError, match=message):
        run(what)
    assert list(tmp_path.iterdir()) == []


def test_after_an_interrupt_it_goes_on(tmp_path, run):
    def interrupt(done):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source(good('a'), good('b'), good('c')), interrupt)
    assert not (tmp_path / 'data').exists()
    never_again = bad('a', AssertionError('read twice'))
    seen = []
    failures = run(source(never_again, bad('b', AssertionError()), good('c')), seen.append)
    assert failures == []
    assert seen == [3]  # two were done before
    assert ids(tmp_path) == ['a', 'b', 'c']


def test_processes_give_the_same_and_survive_a_crash(tmp_path, run):
    items = [Item(name, name, partial(Clip, name, 'wave', np.zeros((3, 75, 3), np.float32), 30.0))
             for name in 'abcdef']  # fmt: skip
    # The process ends at once, as at a decoder's segmentation fault.
    items.insert(2, Item('crash', 'crash.mp4', partial(os._exit, 11)))
    failures = run(source(*items, heavy=True), workers=2)
    assert failures == [Failure('crash', 'crash.mp4', 'the process that read it crashed')]
    assert sorted(ids(tmp_path)) == list('abcdef')


def test_an_unknown_kind_and_a_missing_source_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"kind: 'vhs', allowed are shrec17, asl-signs"):
        open_source('vhs', tmp_path, ImportOptions())
    with pytest.raises(DatasetError, match='nowhere: is not there'):
        open_source('videos', tmp_path / 'nowhere', ImportOptions())
    with pytest.raises(DatasetError, match="holds no clip of kind 'videos'"):
        open_source('videos', tmp_path, ImportOptions())


@pytest.mark.parametrize(
    ('url', 'key'),
    [
        ('https://www.youtube.com/watch?v=C37R_Ix8-qs', 'C37R_Ix8-qs'),
        ('www.youtube.com/watch?v=C37R_Ix8-qs&t=3', 'C37R_Ix8-qs'),
        ('https://youtu.be/C37R_Ix8-qs', 'C37R_Ix8-qs'),
        ('https://www.youtube.com/embed/C37R_Ix8-qs', 'C37R_Ix8-qs'),
        ('http://aslbricks.org/New/ASL-Videos/book.mp4', ''),
    ],
)
def test_a_youtube_video_has_its_name(url, key):
    assert video_key(url) == key


def test_downloads_are_resumed_and_failures_listed(tmp_path):
    asked = []

    def fetch(wanted):
        asked.append(wanted.stem)
        if wanted.stem == 'private':
            raise DownloadError('this video\nis private')
        (wanted.folder / f'{wanted.stem}.webm').touch()

    folder = tmp_path / 'videos'
    wanted = [Wanted(f'u/{stem}', folder, stem) for stem in ('one', 'private', 'one', 'two')]
    failures = fetch_videos(wanted, fetch)
    assert asked == ['one', 'private', 'two']
    assert failures == [Failure('private', 'u/private', 'this video is private')]
    asked.clear()
    fetch_videos(wanted, fetch)
    assert asked == ['private']


class YoutubeDLError(Exception):
    """As in yt-dlp."""


@pytest.fixture
def yt_dlp(monkeypatch):
    """Instead of yt-dlp: writes what the URL is made of, or refuses."""

    def open_with(options):
        def download(urls):
            (url,) = urls
            if 'private' in url:
                raise YoutubeDLError('ERROR: private video')
            Path(options['outtmpl'].replace('%(ext)s', url.rpartition('.')[2])).write_text(url)

        return nullcontext(SimpleNamespace(download=download))

    errors = SimpleNamespace(YoutubeDLError=YoutubeDLError)
    fake = SimpleNamespace(YoutubeDL=open_with, utils=errors)
    monkeypatch.setitem(sys.modules, 'yt_dlp', fake)


def test_yt_dlp_writes_where_the_importer_looks(tmp_path, yt_dlp):
    names = ('a.mp4', 'private.mp4', 'b.swf')
    wanted = [Wanted(f'signs.org/{name}', tmp_path, name) for name in names]
    failures = fetch_videos(wanted, YtDlp())
    assert (tmp_path / 'a.mp4.mp4').read_text() == 'https://signs.org/a.mp4'
    assert [(f.id, f.reason) for f in failures] == [
        ('private.mp4', 'private video'),
        ('b.swf', 'is no video of a known format'),
    ]


def test_kagglehub_writes_into_the_source(tmp_path, monkeypatch):
    def download(name, output_dir):
        if name == 'forbidden':
            raise RuntimeError('403')
        (Path(output_dir) / f'{name}.csv').touch()

    monkeypatch.setitem(sys.modules, 'kagglehub', SimpleNamespace(competition_download=download))
    fetch_competition('asl-signs', tmp_path)
    assert (tmp_path / 'asl-signs.csv').exists()
    with pytest.raises(DownloadError, match='Kaggle forbidden: 403'):
        fetch_competition('forbidden', tmp_path)


def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch):
    for name in ('yt_dlp', 'kagglehub'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DatasetError, match=r'yt-dlp is not installed: .*\[download\]'):
        YtDlp()
    with pytest.raises(DatasetError, match='kagglehub is not installed'):
        fetch_competition('asl-signs', tmp_path)
