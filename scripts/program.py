"""The command line of this environment, for scripts that make several runs of it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path


def run_program(*arguments: object) -> None:
    """Run `sign-recognition` to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    program = Path(sysconfig.get_path('scripts')) / 'sign-recognition'
    subprocess.run([sys.executable, str(program), *map(str, arguments)], check=True)
