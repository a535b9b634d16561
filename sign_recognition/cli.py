"""The command `sign-recognition`: one verb per module of `commands`."""

from __future__ import annotations

import typer

from sign_recognition.commands.annotate import annotate
from sign_recognition.commands.benchmark import benchmark
from sign_recognition.commands.calibrate import calibrate
from sign_recognition.commands.compare import compare
from sign_recognition.commands.dataset import dataset
from sign_recognition.commands.evaluate import evaluate
from sign_recognition.commands.live import live
from sign_recognition.commands.record import record
from sign_recognition.commands.record_clips import record_clips
from sign_recognition.commands.replay import replay
from sign_recognition.commands.train import train

app = typer.Typer(
    name='sign-recognition',
    help='Hand gestures and signs for robots: camera to robot command.',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(live)
app.command()(annotate)
app.command()(evaluate)
app.command()(calibrate)
app.command()(compare)
app.command()(record)
app.command()(record_clips)
app.command()(replay)
app.command()(train)
app.add_typer(dataset, name='dataset')
app.add_typer(benchmark, name='benchmark')


def main() -> None:
    """Entry point of the program."""
    app()


if __name__ == '__main__':
    main()
