"""`sign-recognition evaluate`: models against recordings, or against folders of clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import HtmlReport, JsonReport, Mirrored, Solution
from sign_recognition.graph import AUTO, solution_for
from sign_recognition.native_output import load_quietly

if TYPE_CHECKING:
    from sign_recognition.datasets.clip_folder import ClipFolder
    from sign_recognition.detector import DetectorConfig
    from sign_recognition.evaluation.clips import Camera, ClipResult
    from sign_recognition.evaluation.evaluate import Evaluation
    from sign_recognition.evaluation.recordings import Recording
    from sign_recognition.evaluation.truth import Truth

_TOLERANCE = 0.02


def evaluate(
    recordings: Annotated[
        list[Path] | None,
        typer.Argument(help='Bags, video files, or folders of either.', show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Instead of recordings a folder of clips: a data set, or SHREC'17 as it comes."
        ),
    ] = None,
    view: Annotated[
        str,
        typer.Option(
            help='How clips are seen: recorded, as they are; or camera, those in metres as '
            'MediaPipe tells what a virtual camera sees.'
        ),
    ] = 'recorded',
    truth: Annotated[
        Path | None,
        typer.Option(
            help='What was performed: CSV (start, end, label; clip for several recordings) or '
            "ELAN .eaf. By default the bag's own."
        ),
    ] = None,
    truth_map: Annotated[
        list[str] | None,
        typer.Option(metavar='NAME=LABEL', help="A label of the truth as the model's; repeatable."),
    ] = None,
    tier: Annotated[str, typer.Option(help='Tier of an .eaf, where it has several.')] = '',
    silent: Annotated[
        bool,
        typer.Option('--silent', help='Where no truth is known, nothing was performed.'),
    ] = False,
    model: Annotated[
        list[str] | None,
        typer.Option(help='ONNX file or name of a shipped model; several are compared.'),
    ] = None,
    report: JsonReport = None,
    html: HtmlReport = None,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help='Folder for bags of the landmarks and the truth: quick to evaluate again.',
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help='Report of before: exit with 1 where a figure is worse now.'),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0,
            help=f'How much worse is no regression: a share of max(1, old value).  [{_TOLERANCE}]',
        ),
    ] = None,
    topic: Annotated[str, typer.Option(help='Landmarks or images of a bag that has several.')] = '',
    mirrored: Mirrored = True,
    solution: Solution = AUTO,
) -> None:
    """Evaluate recordings: how many gestures are found, how late, and what is false.

    With --data: how many clips of a folder are named rightly.
    """
    models = model or ['']
    if data:
        of_recordings = {
            'RECORDINGS': recordings, '--truth': truth, '--truth-map': truth_map, '--tier': tier,
            '--silent': silent, '--landmarks': landmarks, '--baseline': baseline,
            '--tolerance': tolerance is not None, '--topic': topic,
            '--no-mirrored': not mirrored, '--solution': solution != AUTO,
        }  # fmt: skip
        given = [k for k, v in of_recordings.items() if v]
        _evaluate_clips(data, view, models, report, html, given)
        return
    with one_error():
        from sign_recognition.atomic import write_whole
        from sign_recognition.detector import DetectorConfig
        from sign_recognition.evaluation.evaluate import save_landmarks
        from sign_recognition.evaluation.html import page
        from sign_recognition.evaluation.recordings import check_unwritten, find_recordings
        from sign_recognition.evaluation.report import read_baseline, regressions, to_text
        from sign_recognition.evaluation.report import report as make_report

        if not recordings:
            raise ValueError('RECORDINGS: none, allowed are some, or --data FOLDER')
        if view != 'recorded':
            raise ValueError('--view: only together with --data')
        tolerance = _tolerance(baseline, tolerance, models)
        check_folders(report=report, html=html)
        before = read_baseline(baseline) if baseline else None
        found = find_recordings(recordings, topic)
        if landmarks:
            check_unwritten(landmarks, found)
        evaluation = _evaluate(
            found, models, _read_truth(truth, truth_map or [], tier), silent,
            DetectorConfig(solution_for(solution, models), mirrored),
        )  # fmt: skip
        content = make_report(evaluation)
        worse = regressions(content, before, tolerance) if before else []
        if report:
            write_whole(report, to_text(content))
        if landmarks:
            save_landmarks(evaluation, landmarks)
        if html:
            write_whole(html, page(evaluation))
    _show(evaluation)
    for line in worse:
        typer.echo(f'worse: {line}', err=True)
    raise typer.Exit(1 if worse else 0)


def _evaluate_clips(
    data: Path,
    view: str,
    models: Sequence[str],
    report: Path | None,
    html: Path | None,
    refused: list[str],
) -> None:
    from rich.console import Console

    with one_error():
        from sign_recognition.atomic import write_whole
        from sign_recognition.evaluation.clip_tables import clip_page, clip_tables
        from sign_recognition.evaluation.clips import clip_report
        from sign_recognition.evaluation.report import to_text

        if refused:
            raise ValueError(f'{", ".join(refused)}: not together with --data')
        check_folders(report=report, html=html)
        folder, results = _classify_clips(data, models, _camera(view))
        if report:
            write_whole(report, to_text(clip_report(folder, results, view)))
        if html:
            write_whole(html, clip_page(folder, results, view))
    for table in clip_tables(results):
        Console().print(table)
    for result in results:
        if result.learned_from:
            typer.echo(
                f'model {result.name} may have learned from some of these: it names as never seen '
                f'{", ".join(result.never_seen)} alone, not {", ".join(result.learned_from)}'
            )


def _camera(view: str) -> Camera | None:
    """Through which clips are seen, each through one of its own, the same every time.

    Raises:
        ValueError: there is no such view.
        ModuleNotFoundError: the virtual camera is not installed.
    """
    from sign_recognition.training.clip_config import VIEWS

    if view not in VIEWS:
        raise ValueError(f'view: {view!r}, allowed are {", ".join(VIEWS)}')
    if view == 'recorded':
        return None
    load_quietly('sign_recognition.training.clip_data')
    from sign_recognition.training.clip_data import camera_view

    return lambda window, number: camera_view(window[None], number)[0]


def _classify_clips(
    data: Path, models: Sequence[str], camera: Camera | None
) -> tuple[ClipFolder, list[ClipResult]]:
    from rich.console import Console
    from rich.progress import Progress

    from sign_recognition.classifier import OnnxClassifier
    from sign_recognition.datasets.clip_folder import open_folder
    from sign_recognition.evaluation.clips import evaluate_clips
    from sign_recognition.resources import model_file

    classifiers = [OnnxClassifier(model_file(each)) for each in models]
    folder = open_folder(data)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task('clips', total=folder.count)
        return folder, evaluate_clips(folder, classifiers, lambda: progress.advance(task), camera)


def _tolerance(baseline: Path | None, given: float | None, models: Sequence[str]) -> float:
    """How much worse than the report of before is no regression.

    Raises:
        ValueError: the options contradict each other.
    """
    if baseline is None and given is not None:
        raise ValueError('--tolerance: only together with --baseline')
    if baseline and len(models) > 1:
        raise ValueError(f'baseline: is for one model, given are {len(models)}')
    return _TOLERANCE if given is None else given


def _read_truth(path: Path | None, pairs: Sequence[str], tier: str) -> Truth | None:
    from sign_recognition.evaluation.truth import parse_renamed, read_truth

    renamed = parse_renamed(pairs)
    if path is None and (renamed or tier):
        raise ValueError('--truth-map, --tier: only together with --truth')
    return read_truth(path, renamed, tier) if path else None


def _evaluate(
    recordings: Sequence[Recording],
    models: Sequence[str],
    truth: Truth | None,
    silent: bool,
    detection: DetectorConfig,
) -> Evaluation:
    """The evaluation itself, with its progress in the terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from sign_recognition.classifier import OnnxClassifier
    from sign_recognition.detector import make_detector
    from sign_recognition.evaluation.evaluate import evaluate, truth_reader
    from sign_recognition.native_output import native_errors_hidden
    from sign_recognition.resources import model_file

    classifiers = [OnnxClassifier(model_file(each)) for each in models]
    for classifier in classifiers:
        if classifier.contract.needs_pixels:
            raise ValueError(
                f'model: {classifier.path} reads images in colour, '
                'allowed is one that reads landmarks or hands'
            )
    if truth:
        paths = [each.path.resolve() for each in recordings]
        truth.check_covers(paths)
        if unused := truth.unused(paths):
            names = ', '.join(unused)
            typer.echo(f'truth: {truth.path}: of no recording here: {names}', err=True)
    with (
        native_errors_hidden() as stderr,
        Progress(console=Console(file=stderr), transient=True) as progress,
    ):
        task = progress.add_task('evaluate', total=len(recordings))
        images = progress.add_task('images', total=None)
        return evaluate(
            progress.track(recordings, task_id=task),
            classifiers,
            truth_reader(truth, silent),
            lambda: make_detector(detection),
            lambda: progress.advance(images),
        )


def _show(evaluation: Evaluation) -> None:
    """The figures, and what to know of them, in the terminal."""
    from rich.console import Console

    from sign_recognition.evaluation.tables import figures_table, label_table, notes

    console = Console()
    console.print(figures_table(evaluation))
    for model in evaluation.models:
        console.print(label_table(model))
    for line in notes(evaluation):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
