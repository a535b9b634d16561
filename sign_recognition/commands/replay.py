"""`sign-recognition replay`: a bag through the live graph."""

from __future__ import annotations

from typing import Annotated

import typer

from sign_recognition.commands.errors import one_error
from sign_recognition.commands.live import check
from sign_recognition.commands.options import (
    CommandTopic,
    Config,
    Duration,
    Gestures,
    ImageTopic,
    Mirrored,
    Model,
    Plain,
    Report,
    Solution,
    Stamped,
)
from sign_recognition.graph import ReplayOptions

_DEFAULTS = ReplayOptions(bag='')


def replay(
    bag: Annotated[str, typer.Argument(help='Bag to play: a rosbag2 folder, .mcap or .db3 file.')],
    start: Annotated[
        str,
        typer.Option(
            '--from', help='landmarks, images, or auto: landmarks, where the bag holds them.'
        ),
    ] = _DEFAULTS.start,
    image_topic: ImageTopic = _DEFAULTS.image_topic,
    rate: Annotated[
        float, typer.Option(min=0.1, max=10, help='Seconds of the bag per second.')
    ] = _DEFAULTS.rate,
    loop: Annotated[bool, typer.Option(help='Begin again after the end.')] = False,
    send: Annotated[
        bool,
        typer.Option(
            '--send', help='Send the commands to the robot; else they are on replay/cmd_vel only.'
        ),
    ] = False,
    mirrored: Mirrored = _DEFAULTS.mirrored,
    solution: Solution = _DEFAULTS.solution,
    model: Model = _DEFAULTS.model,
    gestures: Gestures = _DEFAULTS.gestures,
    stamped: Stamped = _DEFAULTS.stamped,
    cmd_vel: CommandTopic = _DEFAULTS.cmd_vel,
    config: Config = _DEFAULTS.config,
    duration: Duration = None,
    report: Report = None,
    plain: Plain = False,
) -> None:
    """Play a bag through the live graph, at its own times; commands are shown, not sent."""
    from sign_recognition.live.session import LiveSession, SessionPlan

    with one_error():
        options = ReplayOptions(
            bag=bag, start=start, image_topic=image_topic, rate=rate, loop=loop, send=send,
            mirrored=mirrored, solution=solution, model=model, gestures=gestures, stamped=stamped,
            cmd_vel=cmd_vel, config=config,
        )  # fmt: skip
        check(options, report)
        session = LiveSession(SessionPlan.replay(options), duration, report, plain)
    raise typer.Exit(session.run())
