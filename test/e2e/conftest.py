"""Installed commands, run as a user runs them, in a ROS domain of their own."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.graph import set_environment_defaults
from sign_recognition.nodes import qos
from sign_recognition.resources import model_file

PATIENCE_S = 90.0
_domain_ids = itertools.cycle((os.getpid() + n) % 101 + 1 for n in range(50, 151))


class CommandRun:
    """A command as a process, its lines, and the processes below it."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            words,
            env=environment,
            cwd='/',
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that runs the tests in the background has Ctrl-C ignored, by us and children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """Look until the condition holds; its value."""
        ends_s = time.monotonic() + patience_s
        while not (value := condition()):
            assert time.monotonic() < ends_s, 'waited in vain:\n' + self.text()
            time.sleep(0.005)  # between two looks at other processes; bounded above
        return value

    def end(self) -> int:
        """Wait for the run to end by itself; its exit status."""
        self.wait_for(lambda: self.process.poll() is not None)
        return self.process.returncode

    def text(self) -> str:
        """All that it printed so far."""
        return '\n'.join(self.lines)

    def node_process(self, name: str) -> int | None:
        """The process id of a node of this run."""
        for process_id in self.children():
            with contextlib.suppress(OSError):
                words = Path(f'/proc/{process_id}/cmdline').read_text().split('\0')
                if any(word.endswith(f'/lib/sign_recognition/{name}') for word in words):
                    return process_id
        return None

    def children(self) -> list[int]:
        """Process ids below this run."""
        ids = []
        for task in Path(f'/proc/{self.process.pid}/task').glob('*/children'):
            with contextlib.suppress(OSError):
                ids += map(int, task.read_text().split())
        return ids

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


@pytest.fixture
def domain_id() -> int:
    return next(_domain_ids)


@pytest.fixture
def start(domain_id: int) -> Iterator[Callable[..., CommandRun]]:
    """Starts a command."""
    runs: list[CommandRun] = []

    def run(*words: str) -> CommandRun:
        runs.append(CommandRun(words, dict(os.environ, ROS_DOMAIN_ID=str(domain_id))))
        return runs[-1]

    yield run
    for each in runs:
        each.kill()


@pytest.fixture
def command(start: Callable[..., CommandRun]) -> Callable[..., CommandRun]:
    """Starts `sign-recognition` with arguments."""
    program = Path(sysconfig.get_path('scripts')) / 'sign-recognition'
    return functools.partial(start, sys.executable, str(program))


@pytest.fixture
def live(command: Callable[..., CommandRun]) -> Callable[..., CommandRun]:
    """Starts `sign-recognition live` with arguments."""
    return functools.partial(command, 'live', '--plain')


@pytest.fixture
def always_moving(tmp_path: Path) -> dict[str, str]:
    """Options with which every gesture moves the robot for a minute: only a fault stops it."""
    labels = OnnxClassifier(model_file('')).contract.labels
    rows = ''.join(f'  {x}: {{linear_x: 0.3, for_s: 60}}\n' for x in labels if x != 'none')
    gestures = tmp_path / 'always_moving.yaml'
    gestures.write_text(f'gestures:\n{rows}')
    # A signer that takes its hand out of view would stop the robot before the fault does.
    config = tmp_path / 'patient.yaml'
    config.write_text('/**/control_node: {ros__parameters: {hand_timeout_s: 60.0}}')
    return {'source': 'signer', 'gestures': str(gestures), 'config': str(config)}


class Robot:
    """Hears the commands as a robot would, and remembers when."""

    def __init__(self, domain_id: int, topic: str) -> None:
        set_environment_defaults()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node('robot', context=self._context)
        self.heard: list[tuple[float, bool]] = []
        self._node.create_subscription(TwistStamped, topic, self._hear, qos.COMMAND)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def moves(self) -> bool:
        """Whether the newest command is to move."""
        return bool(self.heard) and self.heard[-1][1]

    def close(self) -> None:
        self._done.set()
        self._thread.join()
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _hear(self, message: TwistStamped) -> None:
        linear, angular = message.twist.linear, message.twist.angular
        self.heard.append((time.monotonic(), any((linear.x, linear.y, linear.z, angular.z))))

    def _spin(self) -> None:
        while not self._done.is_set():
            self._executor.spin_once(timeout_sec=0.02)


@pytest.fixture
def listen(domain_id: int) -> Iterator[Callable[[str], Robot]]:
    """Makes a robot that obeys a topic."""
    robots: list[Robot] = []

    def start(topic: str) -> Robot:
        robots.append(Robot(domain_id, topic))
        return robots[-1]

    yield start
    for robot in robots:
        robot.close()


@pytest.fixture
def robot(listen: Callable[[str], Robot]) -> Robot:
    """The robot."""
    return listen('cmd_vel')
