"""Files that come with the package: models and configuration."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = 'sign_recognition'
DEFAULT_MODEL = 'shrec17_live'


def prefixes() -> list[Path]:
    """Where packages of ROS 2 are installed, the first of them first."""
    named = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return [Path(each) for each in (*named, sys.prefix) if each]


def share_directory() -> Path:
    """The package's share folder, wherever it was installed by colcon, apt or pip.

    Raises:
        FileNotFoundError: the package is not installed in any prefix known here.
    """
    for prefix in prefixes():
        share = prefix / 'share' / PACKAGE
        if (share / 'package.xml').is_file():
            return share
    raise FileNotFoundError(f'{PACKAGE} is in none of {", ".join(map(str, prefixes()))}')


def program_directory() -> Path:
    """Where the node programs are: lib/sign_recognition of the prefix, as `ros2 run` has it."""
    return share_directory().parents[1] / 'lib' / PACKAGE


def cache_directory() -> Path:
    """Where what can be made again is kept, as XDG has it; may not exist yet."""
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base) / PACKAGE


def config_file(name: str) -> Path:
    """A file of config/."""
    return share_directory() / 'config' / name


def model_file(name: str) -> Path:
    """The model that a user names.

    Args:
        name: empty (the default model), the name of a shipped model, or the path of an ONNX file.

    Raises:
        FileNotFoundError: there is no such model; names those that there are.
    """
    given = Path(name).expanduser()
    if given.is_file():
        return given
    models = share_directory() / 'models'
    shipped = models / f'{name or DEFAULT_MODEL}.onnx'
    if shipped.is_file():
        return shipped
    names = sorted(path.stem for path in models.glob('*.onnx'))
    raise FileNotFoundError(f'model: {name!r} is neither a file nor one of {names}')
