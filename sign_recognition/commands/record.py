"""`sign-recognition record`: what a graph says, in a bag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sign_recognition.commands.errors import one_error
from sign_recognition.commands.options import (
    Config,
    Height,
    Mirrored,
    Model,
    Plain,
    Rate,
    Seed,
    Solution,
    Stamped,
    Width,
)
from sign_recognition.graph import LiveOptions, RecordOptions

_LIVE = LiveOptions()
_MOST_LABELS = 9
# Commands of a recording's own graph, where no robot hears them.
_RECORDED_ONLY = 'record'


def record(
    out: Annotated[Path, typer.Argument(help='Folder of the bag, which must not exist yet.')],
    duration: Annotated[
        float, typer.Option(min=0, help='End so many seconds after the first image; 0: by Ctrl-C.')
    ] = 0.0,
    images: Annotated[
        bool, typer.Option('--images', help='Record the images, too (JPEG): they show faces.')
    ] = False,
    topic: Annotated[
        list[str] | None, typer.Option(help='One more topic; may be given several times.')
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help='Gesture that a key marks, 1 the first, 2 the second ...: pressed when it begins '
            'and when it ends. May be given several times.'
        ),
    ] = None,
    storage: Annotated[str, typer.Option(help='mcap (compressed) or sqlite3.')] = 'mcap',
    split_mb: Annotated[
        int, typer.Option(min=0, help='A new file begins when one has this size, MB; 0: never.')
    ] = 0,
    source: Annotated[
        str,
        typer.Option(
            help='Start the live graph on this source, as `live` does; else what runs already in '
            'this ROS domain is recorded.'
        ),
    ] = '',
    send: Annotated[
        bool,
        typer.Option(
            '--send',
            help=f'With --source: send the commands to the robot, not below {_RECORDED_ONLY}/.',
        ),
    ] = False,
    mirrored: Mirrored = _LIVE.mirrored,
    width: Width = _LIVE.width,
    height: Height = _LIVE.height,
    rate_hz: Rate = _LIVE.rate_hz,
    seed: Seed = _LIVE.seed,
    solution: Solution = _LIVE.solution,
    model: Model = _LIVE.model,
    stamped: Stamped = _LIVE.stamped,
    config: Config = _LIVE.config,
    plain: Plain = False,
) -> None:
    """Record a graph to a rosbag2: landmarks, scores, gestures, commands; on request images."""
    from sign_recognition.live.session import LiveSession, SessionPlan

    labels = label or []
    recording = RecordOptions(
        out=str(out), images=images, topics=','.join(topic or []), storage=storage,
        split_mb=split_mb, duration_s=duration,
    )  # fmt: skip
    options = LiveOptions(
        source=source, mirrored=mirrored, width=width, height=height, rate_hz=rate_hz, jpeg=images,
        seed=seed, solution=solution, model=model, stamped=stamped, config=config,
        cmd_vel=_LIVE.cmd_vel if send or not source else f'{_RECORDED_ONLY}/{_LIVE.cmd_vel}',
    )  # fmt: skip
    with one_error():
        _check(recording, options, labels)
        plan = SessionPlan.record(recording, options, bool(source), labels)
    raise typer.Exit(LiveSession(plan, plain=plain).run())


def _check(recording: RecordOptions, options: LiveOptions, labels: Sequence[str]) -> None:
    """Refuse what cannot work before anything starts.

    Raises:
        ValueError: an option has a value that it may not have.
        OSError: the bag exists already, or a file is not there.
    """
    from sign_recognition.bags.writer import STORAGES
    from sign_recognition.commands.live import check
    from sign_recognition.labelling import check_label

    check(options, None)
    if Path(recording.out).expanduser().exists():
        raise FileExistsError(f'{recording.out}: exists already, a bag is written to a new folder')
    if recording.storage not in STORAGES:
        allowed = ' and '.join(STORAGES)
        raise ValueError(f'storage: {recording.storage!r}, allowed are {allowed}')
    for each in labels:
        check_label(each)
    if twice := sorted({each for each in labels if labels.count(each) > 1}):
        raise ValueError(f'label: {", ".join(twice)}: more than once, allowed is each once')
    if len(labels) > _MOST_LABELS:
        raise ValueError(f'label: {len(labels)} given, allowed are at most {_MOST_LABELS}')
