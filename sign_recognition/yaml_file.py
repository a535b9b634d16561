"""YAML files that users write, those of ROS parameters among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: Path, what: str) -> Any:
    """What a file holds.

    Args:
        path: of the file.
        what: the option that names it, for the error.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no YAML; in one line, however many YAML's own error has.
    """
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = ' '.join(str(error).split())
        raise ValueError(f'{what}: {path}: no YAML ({told})') from error


def read_parameters(path: Path, what: str) -> Iterator[tuple[str, str, Any]]:
    """Last part of the node's name, parameter and value of each line of a ROS parameter file.

    Arguments and errors: `read_yaml`.
    """
    yield from _parameters_below('', read_yaml(path, what))


def _parameters_below(node: str, content: Any) -> Iterator[tuple[str, str, Any]]:
    for key, value in content.items() if isinstance(content, dict) else ():
        if key == 'ros__parameters' and isinstance(value, dict):
            yield from ((node, name, each) for name, each in value.items())
        else:
            yield from _parameters_below(str(key).rsplit('/', 1)[-1], value)
