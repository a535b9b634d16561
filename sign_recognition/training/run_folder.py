"""The folder of a run: it says what it was made with, so that nothing else goes on in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import yaml

from sign_recognition.atomic import write_whole
from sign_recognition.training.settings import ConfigError

CONFIG_FILE = 'config.yaml'
DATA_FILE = 'data.sha256'


class Config(Protocol):
    """A configuration of either recipe; all but its name has a default."""

    def __init__(self, name: str) -> None: ...

    @property
    def name(self) -> str:
        """Of the model."""
        ...

    def to_text(self) -> str:
        """The YAML file that gives it."""
        ...


def begin_run(
    run_dir: Path, config: Config, data: str, progress: str, free: Collection[str] = ()
) -> None:
    """Make the folder of a run, or go on in it.

    Args:
        run_dir: the folder; gets config.yaml and data.sha256.
        config, data, progress, free: as in `check_run`.

    Raises:
        ConfigError: see `check_run`.
    """
    check_run(run_dir, config, data, progress, free)
    run_dir.mkdir(parents=True, exist_ok=True)
    write_whole(run_dir / CONFIG_FILE, config.to_text())
    write_whole(run_dir / DATA_FILE, f'{data}\n')


def check_run(
    run_dir: Path, config: Config, data: str | None, progress: str, free: Collection[str] = ()
) -> None:
    """Refuse to go on in the folder of another run.

    Args:
        run_dir: the folder; it need not be there.
        config: of the run. A setting that is younger than the run was what it is by default.
        data: `fingerprint` of what is trained on, and of who is held out; None: not known yet.
        progress: the file that says how far training has come; before it is there, nothing has been
            trained, and anything may be.
        free: settings that may be others than before.

    Raises:
        ConfigError: the folder holds a run of another configuration, a run on other data, or one
            that does not say what it is.
    """
    if not (run_dir / progress).is_file():
        return
    try:
        before = dict(yaml.safe_load((run_dir / CONFIG_FILE).read_text(encoding='utf-8')))
        data_before = (run_dir / DATA_FILE).read_text(encoding='utf-8').strip()
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise ConfigError(
            f'out: {run_dir} holds a run that does not say how it was made ({CONFIG_FILE}, '
            f'{DATA_FILE}); allowed is a new folder'
        ) from error
    now, usual = (yaml.safe_load(each.to_text()) for each in (config, type(config)(config.name)))
    for key in [*now, *before]:
        was = before.get(key, usual.get(key))
        if key not in free and was != now.get(key):
            raise ConfigError(
                f'out: {run_dir} holds a run of another configuration ({CONFIG_FILE}: '
                f'{key}: {was!r}, now {now.get(key)!r}); allowed is a new folder'
            )
    if data not in (None, data_before):
        raise ConfigError(
            f'out: {run_dir} holds a run on other data ({DATA_FILE}); allowed is a new folder'
        )


def fingerprint(*parts: npt.NDArray[Any] | Sequence[str]) -> str:
    """SHA-256, in hexadecimal, of arrays and of texts in their order."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f'{part.shape} {part.dtype}'.encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(json.dumps(part).encode())
    return digest.hexdigest()
