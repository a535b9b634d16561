"""How long it takes to import many clips, and how much memory.

    make bench

The clips are invented: as long as those of asl8, and hard to compress.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from sign_recognition.datasets.store import CLIPS_FILE, Dataset

FRAMES, LABELS, SIGNERS = 30, 50, 20

console = Console()


def write_pack(path: Path, clips: int) -> None:
    """A pack as `dataset import npz` reads it.

    Written clip by clip: a child that this process starts is charged with this process's memory.
    """
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, 'w') as archive:
        for name, shape in (('pose', (33, 4)), ('left_hand', (21, 3)), ('right_hand', (21, 3))):
            with archive.open(f'{name}.npy', 'w', force_zip64=True) as file:
                header = {'shape': (clips * FRAMES, *shape), 'fortran_order': False, 'descr': '<f4'}
                np.lib.format.write_array_header_1_0(file, header)
                for _ in range(clips):
                    file.write(rng.random((FRAMES, *shape), np.float32).tobytes())
        for name, values in (
            ('offsets', np.arange(clips + 1) * FRAMES),
            ('label', np.array([f'sign{i % LABELS}' for i in range(clips)])),
            ('signer', np.array([f's{i % SIGNERS}' for i in range(clips)])),
        ):
            with archive.open(f'{name}.npy', 'w') as file:
                np.lib.format.write_array(file, values)


def run(*arguments: Path | str) -> tuple[float, float]:
    """Seconds of `sign-recognition dataset`, and the most memory of any call so far, MB."""
    program = Path(sysconfig.get_path('scripts')) / 'sign-recognition'
    began_s = time.perf_counter()
    command = [sys.executable, program, 'dataset', *arguments]
    subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return time.perf_counter() - began_s, peak_kb / 1024


def read_ms(folder: Path) -> float:
    """Milliseconds to read one clip, of all clips in a row."""
    began_s = time.perf_counter()
    count = sum(1 for _ in Dataset(folder).clips())
    return (time.perf_counter() - began_s) / count * 1e3


def main(
    clips: Annotated[int, typer.Option(min=1, help='How many clips to import.')] = 10_000,
) -> None:
    """Import, describe, split and read."""
    with tempfile.TemporaryDirectory() as name:
        pack, out = Path(name) / 'pack.npz', Path(name) / 'out'
        write_pack(pack, clips)
        table = Table('', 's', 'MB at most', title=f'{clips} clips of {FRAMES} frames')
        for arguments in (('import', 'npz', pack, out), ('split', out), ('info', out)):
            duration_s, peak_mb = run(*arguments)
            table.add_row(arguments[0], f'{duration_s:.1f}', f'{peak_mb:.0f}')
        console.print(table)
        size_mb = (out / CLIPS_FILE).stat().st_size / 1e6
        console.print(f'{size_mb:.0f} MB on disk; {read_ms(out):.3f} ms to read a clip')


if __name__ == '__main__':
    typer.run(main)
