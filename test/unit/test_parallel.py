"""Work on all cores: in order, with what each process holds, and never far ahead."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sign_recognition.parallel import Workers


def test_results_come_in_order_of_the_items() -> None:
    with Workers(int, '7') as workers:
        assert [*workers.map(pow, range(50))] == [number**7 for number in range(50)]
        assert [*workers.map(divmod, (15, 16))] == [(2, 1), (2, 2)], 'a second time'
        assert [*workers.map(pow, ())] == []


def test_it_runs_elsewhere() -> None:
    with Workers(os.getpid) as workers:
        elsewhere = {*workers.map(max, [0] * 20)}
    assert os.getpid() not in elsewhere and 1 <= len(elsewhere) <= workers.count


def test_an_error_reaches_who_takes_the_result() -> None:
    with Workers(int, '0') as workers:
        results = workers.map(divmod, (1, 2))
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_items_are_taken_only_a_little_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with Workers(int, '2') as workers:
        results = workers.map(pow, items())
        assert next(results) == 0
        assert len(taken) <= 2 * workers.count + 2


def test_nobody_is_left_of_a_command_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / 'command.py'
    script.write_text(
        textwrap.dedent("""
            import os, signal
            from sign_recognition.parallel import Workers

            if __name__ == '__main__':
                with Workers(os.getpid) as workers:
                    print(next(workers.map(max, [0])), flush=True)
                    signal.pause()
        """)
    )
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            worker = os.pidfd_open(int(process.stdout.readline()))
            assert not _ended(worker, 0)
        finally:
            process.kill()
    assert _ended(worker, 30), 'it waits for work'
    os.close(worker)


def _ended(pidfd: int, within_s: float) -> bool:
    """Whether a process ends in time: then its file descriptor can be read."""
    return bool(select.select([pidfd], [], [], within_s)[0])
