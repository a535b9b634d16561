"""Fetches what a data set names and the user has not: videos with yt-dlp, asl-signs with kagglehub.

Both are in the extra `download`. What is there is not fetched again, and what is half there is
gone on with; each file gets its name when it is whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sign_recognition.datasets.clip import DatasetError
from sign_recognition.datasets.collection import Failure
from sign_recognition.datasets.extraction import find_video

_EXTRA = "pip install '.[download]'"


# yt-dlp prints its errors past every progress bar; they come as exceptions too.
_silent = logging.getLogger(f'{__name__}.yt_dlp')
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class DownloadError(OSError):
    """A file could not be fetched; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """A video to fetch.

    Attributes:
        url: where it is.
        folder: where it goes.
        stem: its name there, without the suffix that its format gives it.
    """

    url: str
    folder: Path
    stem: str


# Fetches one video. Raises DownloadError.
Fetch = Callable[[Wanted], None]


def fetch_videos(
    wanted: Sequence[Wanted], fetch: Fetch, progress: Callable[[int], None] = lambda done: None
) -> list[Failure]:
    """Fetch the videos that are not there yet, one after the other.

    Args:
        wanted: the videos; one may be named more than once.
        fetch: fetches one.
        progress: is told how many are done, fetched or failed.

    Returns:
        What could not be fetched, and why; the next call tries it again.
    """
    failures = []
    for done, each in enumerate(dict.fromkeys(wanted), start=1):
        if find_video(each.folder, each.stem) is None:
            each.folder.mkdir(parents=True, exist_ok=True)
            try:
                fetch(each)
            except DownloadError as error:
                failures.append(Failure(each.stem, each.url, ' '.join(str(error).split())))
        progress(done)
    return failures


def video_key(url: str) -> str:
    """The name of a YouTube video in its URL; '' for any other URL."""
    parts = urlsplit(url if '//' in url else f'//{url}')
    host = (parts.hostname or '').removeprefix('www.').removeprefix('m.')
    if host == 'youtu.be':
        return parts.path.strip('/')
    if host == 'youtube.com':
        return parse_qs(parts.query).get('v', [''])[0] or parts.path.rpartition('/')[2]
    return ''


class YtDlp:
    """Fetches videos with yt-dlp.

    Raises:
        DatasetError: yt-dlp is not installed.
    """

    def __init__(self) -> None:
        try:
            import yt_dlp
        except ImportError as error:
            raise DatasetError(f'yt-dlp is not installed: {_EXTRA}') from error
        self._yt_dlp: Any = yt_dlp

    def __call__(self, wanted: Wanted) -> None:
        options = {
            'format': 'best[ext=mp4]/best',
            # yt-dlp writes to a .part, goes on with it, and renames it.
            'outtmpl': str(wanted.folder / f'{wanted.stem.replace("%", "%%")}.%(ext)s'),
            'quiet': True,
            'noprogress': True,
            'no_warnings': True,
            'noplaylist': True,
            'logger': _silent,
        }
        url = wanted.url if '//' in wanted.url else f'https://{wanted.url}'
        try:
            with self._yt_dlp.YoutubeDL(options) as downloader:
                downloader.download([url])
        except self._yt_dlp.utils.YoutubeDLError as error:
            raise DownloadError(str(error).removeprefix('ERROR: ')) from error
        if find_video(wanted.folder, wanted.stem) is None:
            raise DownloadError('is no video of a known format')


def fetch_competition(name: str, folder: Path) -> None:
    """Fetch the files of a Kaggle competition, whose rules the user has accepted there.

    Raises:
        DatasetError: kagglehub is not installed.
        DownloadError: Kaggle does not give them.
    """
    try:
        import kagglehub
    except ImportError as error:
        raise DatasetError(f'kagglehub is not installed: {_EXTRA}') from error
    try:
        kagglehub.competition_download(name, output_dir=str(folder))
    except Exception as error:  # its own errors, those of requests, and of Kaggle's answers
        raise DownloadError(f'Kaggle {name}: {error}') from error
