"""`sign-recognition live`: the whole graph on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import (
    CommandTopic,
    Config,
    Duration,
    Gestures,
    Height,
    Mirrored,
    Model,
    Plain,
    Rate,
    Report,
    Seed,
    Solution,
    Stamped,
    Width,
)
from sign_recognition.graph import LiveOptions, ReplayOptions

_DEFAULTS = LiveOptions()


def live(
    source: Annotated[
        str,
        typer.Option(
            help="Webcam index or path, video file, folder of pictures, 'signer' (rendered), or "
            "'auto': the first webcam that opens, else the signer."
        ),
    ] = _DEFAULTS.source,
    mirrored: Mirrored = _DEFAULTS.mirrored,
    loop: Annotated[bool, typer.Option(help='Begin a file again after its last image.')] = False,
    width: Width = _DEFAULTS.width,
    height: Height = _DEFAULTS.height,
    rate_hz: Rate = _DEFAULTS.rate_hz,
    jpeg: Annotated[bool, typer.Option(help='JPEG between camera and landmarks.')] = False,
    seed: Seed = _DEFAULTS.seed,
    solution: Solution = _DEFAULTS.solution,
    model: Model = _DEFAULTS.model,
    gestures: Gestures = _DEFAULTS.gestures,
    stamped: Stamped = _DEFAULTS.stamped,
    cmd_vel: CommandTopic = _DEFAULTS.cmd_vel,
    config: Config = _DEFAULTS.config,
    camera: Annotated[
        bool, typer.Option(help='Start our camera; else another node publishes image_raw.')
    ] = _DEFAULTS.camera,
    duration: Duration = None,
    report: Report = None,
    plain: Plain = False,
) -> None:
    """Run the whole graph: camera, landmarks, recognition, robot commands."""
    from sign_recognition.live.session import LiveSession, SessionPlan

    options = LiveOptions(
        source=source, mirrored=mirrored, loop=loop, width=width, height=height, rate_hz=rate_hz,
        jpeg=jpeg, seed=seed, solution=solution, model=model, gestures=gestures, stamped=stamped,
        cmd_vel=cmd_vel, config=config, camera=camera,
    )  # fmt: skip
    with one_error():
        check(options, report)
        session = LiveSession(SessionPlan.live(options), duration, report, plain)
    raise typer.Exit(session.run())


def check(options: LiveOptions | ReplayOptions, report: Path | None) -> None:
    """Refuse what cannot work before anything starts.

    Raises:
        ValueError: a file is not what it should be.
        OSError: a file or folder is not there.
    """
    from sign_recognition.motion import load_gesture_table
    from sign_recognition.resources import model_file

    model_file(options.model)
    if options.gestures:
        load_gesture_table(options.gestures)
    if options.config and not Path(options.config).expanduser().is_file():
        raise FileNotFoundError(f'config: {options.config} is no file')
    check_folders(report=report)
