"""`sign-recognition live`: the whole graph on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    mirrored: Annotated[
        bool, typer.Option(help='The images are mirror images (selfie view).')
    ] = _DEFAULTS.mirrored,
    loop: Annotated[bool, typer.Option(help='Begin a file again after its last image.')] = False,
    width: Annotated[int, typer.Option(min=16, help='Image width, px.')] = _DEFAULTS.width,
    height: Annotated[int, typer.Option(min=16, help='Image height, px.')] = _DEFAULTS.height,
    rate_hz: Annotated[float, typer.Option(min=1, help='Images per second.')] = _DEFAULTS.rate_hz,
    jpeg: Annotated[bool, typer.Option(help='JPEG between camera and landmarks.')] = False,
    seed: Annotated[int, typer.Option(min=0, help='Which rendered signer.')] = _DEFAULTS.seed,
    solution: Annotated[
        str, typer.Option(help='MediaPipe solution: hands or holistic.')
    ] = _DEFAULTS.solution,
    model: Annotated[
        str, typer.Option(help='ONNX file or name of a shipped model.')
    ] = _DEFAULTS.model,
    gestures: Annotated[
        str, typer.Option(help='Gesture table (YAML): what each gesture does.')
    ] = _DEFAULTS.gestures,
    stamped: Annotated[
        bool, typer.Option(help='TwistStamped commands, else Twist.')
    ] = _DEFAULTS.stamped,
    cmd_vel: Annotated[str, typer.Option(help='Topic of the commands.')] = _DEFAULTS.cmd_vel,
    config: Annotated[
        str, typer.Option(help='Parameter file (ROS 2 YAML) that wins over the defaults.')
    ] = _DEFAULTS.config,
    camera: Annotated[
        bool, typer.Option(help='Start our camera; else another node publishes image_raw.')
    ] = _DEFAULTS.camera,
    duration: Annotated[
        float | None,
        typer.Option(min=0.1, help='End after so many seconds from the first image.'),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help='JSON file to write at the end.'),
    ] = None,
    plain: Annotated[bool, typer.Option(help='Lines instead of a picture.')] = False,
) -> None:
    """Run the whole graph: camera, landmarks, recognition, robot commands."""
    from sign_recognition.live.session import LiveSession, SessionPlan

    options = LiveOptions(
        source=source, mirrored=mirrored, loop=loop, width=width, height=height, rate_hz=rate_hz,
        jpeg=jpeg, seed=seed, solution=solution, model=model, gestures=gestures, stamped=stamped,
        cmd_vel=cmd_vel, config=config, camera=camera,
    )  # fmt: skip
    try:
        check(options, report)
    except (ValueError, OSError) as error:
        typer.echo(f'error: {error}', err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(LiveSession(SessionPlan.live(options), duration, report, plain).run())


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
    if report is not None and not report.resolve().parent.is_dir():
        raise FileNotFoundError(f'report: {report.resolve().parent} is no folder')
