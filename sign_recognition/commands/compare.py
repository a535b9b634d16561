"""`sign-recognition compare`: architectures on one data set, by one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sign_recognition.commands.errors import one_error
from sign_recognition.native_output import load_quietly, native_errors_hidden


def compare(
    data: Annotated[Path, typer.Option(exists=True, help="Data set, or SHREC'17 folder.")],
    out: Annotated[
        Path, typer.Option(file_okay=False, help='Folder of the results; they accumulate.')
    ],
    arch: Annotated[
        list[str] | None,
        typer.Option(help='Entry of the configuration, or architecture; repeatable (all entries).'),
    ] = None,
    folds: Annotated[
        int,
        typer.Option(
            min=0,
            help='Of the configured folds by signer so many are run; 0: the test split instead.',
        ),
    ] = 2,
    budget: Annotated[
        float | None, typer.Option(min=1, help='Seconds of processor time for each training.')
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help='The protocol: YAML file (config/train/compare.yaml).')
    ] = None,
) -> None:
    """Compare architectures: same folds by signer, same budget; broken off, it goes on."""
    with one_error():
        load_quietly('sign_recognition.training.comparison')
        from rich.console import Console

        from sign_recognition.datasets.clip_folder import open_folder
        from sign_recognition.resources import config_file
        from sign_recognition.training import comparison

        file = config or config_file('train/compare.yaml')
        changes = {'budget_s': budget} if budget else {}
        compared = comparison.Comparison.read(file, arch or (), **changes)
        with native_errors_hidden() as stderr:
            console = Console(file=stderr)
            table = comparison.compare(compared, open_folder(data), folds, out, console)
    typer.echo(table.read_text(encoding='utf-8'), nl=False)
