"""YAML files that users write."""

from __future__ import annotations

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
