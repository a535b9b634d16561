"""`sign-recognition train`: a model from a configuration and data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sign_recognition.commands.errors import one_error

if TYPE_CHECKING:
    from rich.console import Console


def train(
    data: Annotated[
        Path,
        typer.Option(
            exists=True,
            help="Data set, or SHREC'17 folder; for the recipe 'streams' the folder of all data.",
        ),
    ],
    config: Annotated[Path, typer.Option(help='YAML file as in config/train.')],
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help='Folder of the run (runs/NAME).')
    ] = None,
    arch: Annotated[
        str | None, typer.Option(help='Another architecture than the configured one.')
    ] = None,
    fold: Annotated[
        int | None, typer.Option(min=0, help='Hold out this fold of the signers.')
    ] = None,
) -> None:
    """Train a model; broken off, the same command goes on."""
    with one_error():
        from rich.console import Console

        from sign_recognition.native_output import native_errors_hidden

        with native_errors_hidden() as stderr:
            path = _train(data, config, out, arch, fold, Console(file=stderr))
    typer.echo(f'wrote {path}')


def _train(
    data: Path, file: Path, out: Path | None, arch: str | None, fold: int | None, console: Console
) -> Path:
    from sign_recognition.training.clip_config import read_recipe

    recipe, values = read_recipe(file)
    if recipe == 'streams':
        return _train_on_streams(data, file, out, {'arch': arch, 'fold': fold}, console)
    from sign_recognition.datasets.clip_folder import open_folder
    from sign_recognition.training.clip_config import read_config
    from sign_recognition.training.clip_run import run

    config = read_config(file, arch=arch, fold=fold)
    name = config.name if fold is None else f'{config.name}_fold{fold}'
    return run(config, open_folder(data), out or Path('runs') / name, console)


def _train_on_streams(
    data: Path, file: Path, out: Path | None, refused: dict[str, Any], console: Console
) -> Path:
    given = [name for name, value in refused.items() if value is not None]
    if given:
        raise ValueError(f"{given[0]}: not for the recipe 'streams', whose YAML file says it")
    from sign_recognition.training.stream_config import StreamConfig
    from sign_recognition.training.stream_run import train as train_on_streams

    config = StreamConfig.read(file)
    return train_on_streams(config, data, out or Path('runs') / config.name, console)
