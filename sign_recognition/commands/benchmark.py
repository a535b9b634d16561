"""`sign-recognition benchmark`: a model on people whom it never saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import HtmlReport, JsonReport, Model
from sign_recognition.native_output import load_quietly

if TYPE_CHECKING:
    from rich.console import Console

    from sign_recognition.benchmark.people import People
    from sign_recognition.classifier import OnnxClassifier

benchmark = typer.Typer(
    help='A model on people whom it never saw: streams, and unusual views.', no_args_is_help=True
)

Item = TypeVar('Item')
Data = Annotated[
    Path,
    typer.Option(
        help="Folder of SHREC'17, or one that holds shrec17/HandGestureDataset_SHREC2017 and, for "
        'real footage, video and asl8.',
        show_default=False,
    ),
]
Signers = Annotated[
    str,
    typer.Option(metavar='4,9,...', help='Whom to look at; by default those the model names.'),
]
Seed = Annotated[int, typer.Option(min=0, help='Of everything random.')]
Cache = Annotated[
    Path | None,
    typer.Option(file_okay=False, help='Keeps fitted hands and tracked videos for the next time.'),
]


@benchmark.command()
def online(
    data: Data,
    model: Model = '',
    signers: Signers = '',
    rates: Annotated[
        str, typer.Option(metavar='HZ,...', help='Of the camera; every scene is seen at each.')
    ] = '15,30,60',
    streams: Annotated[int, typer.Option(min=1, help='With nine gestures each.')] = 56,
    idle_minutes: Annotated[float, typer.Option(min=0, help='Of idle hands, at each rate.')] = 30.0,
    talking_minutes: Annotated[
        float, typer.Option(min=0, help='Of talking hands, at each rate.')
    ] = 10.0,
    footage_views: Annotated[
        int, typer.Option(min=0, help='How often each real recording is seen.')
    ] = 4,
    seed: Seed = 0,
    report: JsonReport = None,
    html: HtmlReport = None,
    cache: Cache = None,
) -> None:
    """Continuous streams: gestures between other movement, idle hands, real footage."""
    with one_error():
        load_quietly('sign_recognition.benchmark.people')
        from rich.console import Console

        from sign_recognition.atomic import write_whole
        from sign_recognition.benchmark.online import judge_in_parallel
        from sign_recognition.benchmark.report import (
            OnlineResult,
            online_page,
            online_report,
            online_tables,
        )
        from sign_recognition.benchmark.streams import Plan, make_streams
        from sign_recognition.evaluation.report import to_text

        plan = Plan(parse_rates(rates), streams, idle_minutes, talking_minutes, footage_views, seed)
        check_folders(report=report, html=html)
        console = Console()
        classifier, people = read_people(model, data, signers, cache, console)
        made = list(make_streams(people, plan))
        judging = judge_in_parallel(made, classifier.path)
        judged = list(progress(judging, 'streams', console, len(made)))
        contract = classifier.contract
        result = OnlineResult(
            contract.name, classifier.digest(), contract.decision, people, plan, judged
        )
        if report:
            write_whole(report, to_text(online_report(result)))
        if html:
            middle = sorted(plan.rates_hz)[len(plan.rates_hz) // 2]
            write_whole(html, online_page(result, middle))
        for table in online_tables(result):
            console.print(table)


@benchmark.command()
def robustness(
    data: Data,
    model: Model = '',
    signers: Signers = '',
    seed: Seed = 0,
    report: JsonReport = None,
    picture: Annotated[Path | None, typer.Option(dir_okay=False, help='PNG file to write.')] = None,
) -> None:
    """Clips with one thing other than usual: rate, lost hands, side, distance, angle, noise."""
    with one_error():
        load_quietly('sign_recognition.benchmark.people')
        from rich.console import Console

        from sign_recognition.atomic import write_whole
        from sign_recognition.benchmark.people import chosen_signers, read_unseen_clips
        from sign_recognition.benchmark.report import (
            robustness_picture,
            robustness_report,
            robustness_table,
        )
        from sign_recognition.benchmark.robustness import conditions, measure_each
        from sign_recognition.evaluation.report import to_text

        check_folders(report=report, picture=picture)
        classifier = open_model(model)
        contract, console = classifier.contract, Console()
        chosen = chosen_signers(contract, signers)
        clips = read_unseen_clips(data, chosen, contract.labels)
        wanted = conditions(contract.space)
        measuring = measure_each(wanted, classifier.path, clips, seed)
        cells = list(progress(measuring, 'conditions', console, len(wanted)))
        if report:
            write_whole(report, to_text(robustness_report(classifier, chosen, seed, cells)))
        if picture:
            robustness_picture(contract.name, cells, picture)
        console.print(robustness_table(contract.name, cells))


def open_model(model: str) -> OnnxClassifier:
    """The model that a user names.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no model of landmarks, or a broken file.
    """
    from sign_recognition.classifier import OnnxClassifier
    from sign_recognition.resources import model_file

    classifier = OnnxClassifier(model_file(model))
    if classifier.contract.images is not None:
        raise ValueError(
            f'model: {classifier.path} reads images, allowed is one that reads landmarks'
        )
    return classifier


def read_people(
    model: str, data: Path, signers: str, cache: Path | None, console: Console
) -> tuple[OnnxClassifier, People]:
    """The model, and whom it never saw; a line says who that is.

    Raises:
        OSError, ValueError: a file or option cannot be used; the message names it.
    """
    from sign_recognition.benchmark.people import People, chosen_signers, read_footage, read_takes
    from sign_recognition.native_output import native_errors_hidden
    from sign_recognition.resources import cache_directory

    classifier = open_model(model)
    contract, folder = classifier.contract, cache or cache_directory()
    chosen = chosen_signers(contract, signers)
    with native_errors_hidden():
        takes = read_takes(data, chosen, contract.labels, folder, console)
        people = People(takes, read_footage(data, contract, folder))
    console.print(
        f'signers {", ".join(chosen)}: {sum(map(len, takes.values()))} clips; '
        f'{len(people.footage)} real recordings, {people.seconds_of_footage:.0f} s',
        highlight=False,
    )
    return classifier, people


def parse_rates(text: str) -> tuple[float, ...]:
    """Rates with commas between.

    Raises:
        ValueError: one is no number from 1 to 240.
    """
    try:
        rates_hz = tuple(float(each) for each in text.split(','))
    except ValueError:
        rates_hz = ()
    if not rates_hz or not all(1 <= each <= 240 for each in rates_hz):
        raise ValueError(f'rates: {text!r}, allowed are numbers from 1 to 240 with commas between')
    return rates_hz


def progress(
    items: Iterable[Item], what: str, console: Console, total: int | None = None
) -> Iterator[Item]:
    """The items, with a bar that goes when they have; `total` of them where they have no length."""
    from rich.progress import track

    yield from track(items, what, total, console=console, transient=True)
