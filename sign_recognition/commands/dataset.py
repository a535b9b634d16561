"""`sign-recognition dataset`: import, describe and split landmark data sets."""

from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import HtmlReport

if TYPE_CHECKING:
    from sign_recognition.datasets.collection import Failure, ImportOptions

dataset = typer.Typer(help='Landmark data sets: import, describe, split.', no_args_is_help=True)
_DOWNLOADABLE = ('asl-signs', 'ms-asl', 'wlasl')
_SHOWN_FAILURES = 5
# As in the students' projects whose models of images these are for.
_RENDERED = ('Swipe Up', 'Swipe Down', 'Swipe Left', 'Swipe Right', 'none')


@dataset.command('import')
def import_(
    kind: Annotated[
        str,
        typer.Argument(
            help='shrec17, asl-signs, wlasl, ms-asl, mp-data, videos, images, csv or npz.'
        ),
    ],
    source: Annotated[Path, typer.Argument(help='Folder or file of that kind.')],
    out: Annotated[Path, typer.Argument(help='Data set to make: a new folder.')],
    mirrored: Annotated[
        bool, typer.Option(help='The images are or were mirror images (selfie view).')
    ] = False,
    solution: Annotated[
        str, typer.Option(help='MediaPipe solution for images: holistic or hands.')
    ] = 'holistic',
    model_complexity: Annotated[
        int, typer.Option(min=0, max=1, help='Of hands: 0 faster, 1 more exact; holistic has one.')
    ] = 1,
    rate_hz: Annotated[
        float | None, typer.Option(min=0.1, help='Frames per second, where nothing says it.')
    ] = None,
    aspect: Annotated[
        float | None, typer.Option(min=0.1, help='Image height / width, where nothing says it.')
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=1, help='Only so many classes, the first of the list.')
    ] = None,
    half: Annotated[bool, typer.Option(help='Points as float16: half the size.')] = False,
    workers: Annotated[
        int, typer.Option(min=1, help='Processes that read videos and pictures.')
    ] = os.cpu_count() or 1,
    download: Annotated[
        bool, typer.Option(help='First fetch what is missing (wlasl, ms-asl, asl-signs).')
    ] = False,
) -> None:
    """Import recordings of any kind; broken off, the same command goes on."""
    from sign_recognition.datasets.collection import ImportOptions

    options = ImportOptions(mirrored, solution, model_complexity, rate_hz, aspect, classes)
    with one_error():
        _check(kind, options, download)
        try:
            refused = _download(kind, source, options) if download else {}
            _import(kind, source, out, options, half, workers, refused)
        except KeyboardInterrupt:
            typer.echo('broken off; the same command goes on from here', err=True)
            raise typer.Exit(130) from None


def _check(kind: str, options: ImportOptions, download: bool) -> None:
    """Refuse what cannot work before anything is read.

    Raises:
        ValueError: an option is wrong; names it.
    """
    if options.solution not in ('holistic', 'hands'):
        raise ValueError(f'solution: {options.solution!r}, allowed are holistic and hands')
    if download and kind not in _DOWNLOADABLE:
        raise ValueError(f'download: not of kind {kind!r}, allowed are {", ".join(_DOWNLOADABLE)}')


def _download(kind: str, source: Path, options: ImportOptions) -> dict[str, str]:
    """Fetch what is missing; gives the addresses that gave nothing, and why."""
    from rich.progress import Progress

    from sign_recognition.datasets import downloads
    from sign_recognition.datasets.importing import KINDS

    module = importlib.import_module(f'sign_recognition.datasets.{KINDS[kind]}')
    if kind == 'asl-signs':
        downloads.fetch_competition(module.COMPETITION, source)
        return {}
    wanted = module.wanted_videos(source, options)
    fetch = downloads.YtDlp()
    with Progress() as progress:
        task = progress.add_task('download', total=len(dict.fromkeys(wanted)))
        failures = downloads.fetch_videos(
            wanted, fetch, lambda done: progress.update(task, completed=done)
        )
    return {each.source: f'cannot be fetched: {each.reason}' for each in failures}


def _import(
    kind: str,
    path: Path,
    out: Path,
    options: ImportOptions,
    half: bool,
    workers: int,
    refused: dict[str, str],
) -> None:
    """The import itself, with its progress in the terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from sign_recognition.datasets.importing import import_clips, new_writer, open_source
    from sign_recognition.native_output import native_errors_hidden

    source = open_source(kind, path, options)
    missing = [
        each._replace(reason=refused.get(each.source, each.reason)) for each in source.missing
    ]
    source = replace(source, missing=tuple(missing))
    writer = new_writer(out, kind, path, source, options, half)
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with (
        native_errors_hidden() as stderr,
        Progress(*columns, console=Console(file=stderr), transient=True) as progress,
    ):
        task = progress.add_task('import', total=len(source.items))
        failures = import_clips(
            source, writer, workers, lambda done: progress.update(task, completed=done)
        )
    _tell(out, len(writer.done), failures)


def _tell(out: Path, count: int, failures: Sequence[Failure]) -> None:
    """What became of an import."""
    from sign_recognition.datasets.store import FAILURES_FILE

    typer.echo(f'{out}: {count} clips')
    for failure in failures[:_SHOWN_FAILURES]:
        typer.echo(f'not imported: {failure.source or failure.id}: {failure.reason}', err=True)
    if len(failures) > _SHOWN_FAILURES:
        typer.echo(f'and {len(failures) - _SHOWN_FAILURES} more', err=True)
    if failures:
        typer.echo(f'all are in {out / FAILURES_FILE}', err=True)


@dataset.command('render')
def render(
    out: Annotated[Path, typer.Argument(help='Folder of the takes, which is a data set.')],
    label: Annotated[
        list[str] | None,
        typer.Option(help='Gesture of the rendered signer, or none; repeatable.'),
    ] = None,
    signers: Annotated[int, typer.Option(min=1, help='How many people.')] = 12,
    takes: Annotated[int, typer.Option(min=1, help='Of each label by each of them.')] = 4,
    seed: Annotated[int, typer.Option(min=0, help='Of the first signer.')] = 0,
    width: Annotated[int, typer.Option(min=16, help='Of the images, px.')] = 160,
    height: Annotated[int, typer.Option(min=16, help='Of the images, px.')] = 120,
    rate_hz: Annotated[float, typer.Option(min=1, help='Images per second.')] = 20.0,
) -> None:
    """Render takes of signers who are not there, images and landmarks; broken off, it goes on."""
    with one_error():
        from rich.console import Console
        from rich.progress import track

        from sign_recognition.datasets.rendering import RenderPlan, render_takes
        from sign_recognition.datasets.takes import check_folder

        check_folder(out)
        labels = tuple(label or _RENDERED)
        plan = RenderPlan(labels, signers, takes, (width, height), rate_hz, seed)
        console = Console(stderr=True)
        for _ in track(
            render_takes(out, plan), 'takes', signers * takes * len(labels), console=console
        ):
            pass
    typer.echo(f'{out}: {signers * takes * len(labels)} clips')


@dataset.command('info')
def info(
    folder: Annotated[Path, typer.Argument(help='Data set.')],
    html: HtmlReport = None,
) -> None:
    """Describe a data set: classes, signers, lengths, what is missing, what leaks."""
    with one_error():
        from rich.console import Console
        from rich.progress import Progress

        from sign_recognition.atomic import write_whole
        from sign_recognition.datasets.description import describe
        from sign_recognition.datasets.page import page, table
        from sign_recognition.datasets.store import Dataset

        check_folders(html=html)
        data = Dataset(folder)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task('read', total=len(data))
            description = describe(data, lambda done: progress.update(task, completed=done))
        Console().print(table(description))
        if html:
            write_whole(html, page(description))


@dataset.command('split')
def split(
    folder: Annotated[Path, typer.Argument(help='Data set.')],
    by: Annotated[str, typer.Option(help='signer, official or random (signers leak).')] = 'signer',
    folds: Annotated[int, typer.Option(min=2, help='Parts; the first becomes the test split.')] = 5,
    seed: Annotated[int, typer.Option(min=0, help='Of the shuffling.')] = 0,
) -> None:
    """Split a data set into train and test, and into the folds of a cross-validation."""
    with one_error():
        from sign_recognition.datasets.splitting import split_clips
        from sign_recognition.datasets.store import Dataset

        data = Dataset(folder)
        made = split_clips(data, by, folds, seed)
        data.rewrite(made.split, made.fold)
    counts = Counter(made.split)
    typer.echo(', '.join(f'{name} {counts[name]}' for name in sorted(counts)))
    if by == 'random':
        warning = 'the same signers train and judge: figures flatter; --by signer is honest'
        typer.echo(f'warning: {warning}', err=True)
