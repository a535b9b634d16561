"""Runs the node programs of a graph as processes, and restarts those that die."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sign_recognition.live.backoff import Backoff

_TAIL_LINES = 12
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Exit:
    """A program ended.

    Attributes:
        name: of the program.
        code: exit status; negative: the signal that ended it.
        tail: the last lines that it printed.
        restart_in_s: when it is started again; None: not at all.
    """

    name: str
    code: int
    tail: Sequence[str]
    restart_in_s: float | None

    @property
    def reason(self) -> str:
        """The exit in words."""
        if self.code < 0:
            return f'killed by {signal.Signals(-self.code).name}'
        return f'exit status {self.code}'


@dataclass
class _Program:
    command: Sequence[str]
    process: subprocess.Popen[str] | None = None
    started_s: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)
    restart_at_s: float | None = None
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    process_ids: set[int] = field(default_factory=set)


class Supervisor:
    """Programs by name, each one process.

    Args:
        commands: what to run, by name.
        environment: of every process.
        on_line: called with name and line for each line that a program prints, from any thread.
        final_codes: exit statuses after which a program is not started again.
        restart_commands: what to run, by name, where a program that died is started otherwise.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        on_line: Callable[[str, str], None],
        final_codes: Sequence[int],
        restart_commands: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._programs = {name: _Program(command) for name, command in commands.items()}
        self._environment = dict(environment)
        self._on_line = on_line
        self._final_codes = final_codes
        self._restart_commands = dict(restart_commands or {})

    def start(self, name: str) -> None:
        """Start a program. It gets its own process group, so that a Ctrl-C in the terminal reaches
        us alone, and a SIGTERM should we die without stopping it."""
        program = self._programs[name]
        program.started_s = time.monotonic()
        program.restart_at_s = None
        program.process = subprocess.Popen(
            program.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        program.process_ids.add(program.process.pid)
        threading.Thread(
            target=self._read_lines, args=(name, program, program.process), daemon=True
        ).start()

    def poll(self) -> list[Exit]:
        """Programs that ended since the last call; restarts those whose back-off is over."""
        now_s = time.monotonic()
        exits = []
        for name, program in self._programs.items():
            if program.process is not None and program.process.poll() is not None:
                exits.append(self._note_exit(name, program, now_s))
            elif program.restart_at_s is not None and now_s >= program.restart_at_s:
                program.command = self._restart_commands.get(name, program.command)
                self.start(name)
        return exits

    def running(self, name: str) -> bool:
        """Whether a program's process is alive."""
        process = self._programs[name].process
        return process is not None and process.poll() is None

    def process_ids(self, name: str) -> set[int]:
        """Of all processes that a program was started as."""
        return set(self._programs[name].process_ids)

    def stop(self, grace_s: float = 4.0) -> dict[str, int]:
        """Ask every program to end; kill those that do not.

        By SIGTERM: a Python program that is still importing answers SIGINT with a stack trace.

        Returns:
            Exit status by name, of those that were running.
        """
        running = {n: p.process for n, p in self._programs.items() if p.process is not None}
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        ends_s = time.monotonic() + grace_s
        for process in running.values():
            try:
                process.wait(max(0.0, ends_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for program in self._programs.values():
            program.process, program.restart_at_s = None, None
        return {name: process.returncode for name, process in running.items()}

    def _note_exit(self, name: str, program: _Program, now_s: float) -> Exit:
        assert program.process is not None
        code = program.process.returncode
        program.process = None
        if code in self._final_codes:
            return Exit(name, code, tuple(program.tail), None)
        backoff_s = program.backoff.after_s(now_s - program.started_s)
        program.restart_at_s = now_s + backoff_s
        return Exit(name, code, tuple(program.tail), backoff_s)

    def _read_lines(self, name: str, program: _Program, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            program.tail.append(line.rstrip())
            self._on_line(name, line.rstrip())


def _die_with_parent() -> None:
    """In the child: SIGTERM when the parent is gone, however it went (Linux prctl)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
