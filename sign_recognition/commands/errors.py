"""How commands end where something cannot be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

# What the extra `train` brings, as Python calls it.
_OF_TRAINING = ('tensorflow', 'keras', 'tf2onnx', 'sklearn', 'matplotlib', 'pyarrow')


@contextmanager
def one_error() -> Iterator[None]:
    """Bad input ends the command with one line, and Ctrl-C as shells expect it."""
    try:
        yield
    except ModuleNotFoundError as error:
        name = str(error.name).split('.')[0]
        how = "pip install '.[train]'" if name in _OF_TRAINING else 'README.md says what is needed'
        typer.echo(f'error: {name} is not installed: {how}', err=True)
        raise typer.Exit(2) from error
    except (ValueError, OSError) as error:
        typer.echo(f'error: {error}', err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        typer.echo('broken off', err=True)
        raise typer.Exit(130) from None


def check_folders(**outputs: Path | None) -> None:
    """Refuse outputs that cannot be written before anything long begins.

    Args:
        outputs: the files by the names of their options.

    Raises:
        FileNotFoundError: there is no folder for one.
    """
    for name, path in outputs.items():
        if path and not path.resolve().parent.is_dir():
            raise FileNotFoundError(f'{name}: {path.resolve().parent} is no folder')
