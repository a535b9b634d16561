"""`sign-recognition compare`: architectures on one data set, by one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare(
    data: Annotated[Path, typer.Option(exists=True, help="Data set, or SHREC'17 folder.")],
    out: Annotated[
        Path, typer.Option(file_okay=False, help='Folder of the results; they accumulate.')
    ],
    arch: Annotated[
        list[str] | None,
        typer.Option(help='Entry of the configuration, or architecture; repeatable [all entries].'),
    ] = None,
    folds: Annotated[
        int, typer.Option(min=1, help='How many of the configured folds by signer are run.')
    ] = 2,
    budget: Annotated[
        float | None, typer.Option(min=1, help='Seconds of processor time for each training.')
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help='The protocol: YAML file [config/train/compare.yaml].')
    ] = None,
) -> None:
    """Compare architectures: same folds by signer, same budget; broken off, it goes on."""
    try:
        from rich.console import Console

        from sign_recognition.datasets.clip_folder import open_folder
        from sign_recognition.resources import config_file
        from sign_recognition.training import comparison

        file = config or config_file('train/compare.yaml')
        changes = {'budget_s': budget} if budget else {}
        compared = comparison.Comparison.read(file, arch or (), **changes)
        table = comparison.compare(compared, open_folder(data), folds, out, Console())
    except ModuleNotFoundError as error:
        message = f"error: {error.name} is not installed: pip install '.[train]'"
        typer.echo(message, err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        typer.echo('broken off; the same command goes on from here', err=True)
        raise typer.Exit(130) from None
    except (ValueError, OSError) as error:
        typer.echo(f'error: {error}', err=True)
        raise typer.Exit(2) from error
    typer.echo(table.read_text(encoding='utf-8'), nl=False)
