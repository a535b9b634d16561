"""How a node program ends."""

import os
import signal
import subprocess
import sys

import pytest

# An order of magnitude above what it takes on an idle machine.
PATIENCE_S = 30.0

HANGS_AT_ITS_END = """
import time
from sign_recognition.nodes import runner

class Hanging(runner.PipelineNode):
    def finish(self):
        while True:
            time.sleep(60)

def make():
    node = Hanging('hanging_node')
    node.create_timer(0.01, lambda: print('spins', flush=True))
    return node

runner._END_WITHIN_S = 1
runner.run(make)
"""

TOLD_TWICE = """
import signal
import threading
from sign_recognition.nodes import runner

class Interrupted(threading.Event):
    def set(self):
        with self._cond:
            signal.raise_signal(signal.SIGTERM)
        super().set()

class Node(runner.PipelineNode):
    def __init__(self):
        super().__init__('node')
        self.done = Interrupted()
        self.create_timer(0.01, lambda: print('spins', flush=True))

runner._END_WITHIN_S = 1
runner.run(Node)
"""

HANGS_UP = """
import signal
from sign_recognition.nodes import runner

class Node(runner.PipelineNode):
    def __init__(self):
        super().__init__('node')
        self.calls = 0
        self.create_timer(0.01, self.call)

    def call(self):
        self.calls += 1
        if self.calls == 3:
            self.done.set()
        signal.raise_signal(signal.SIGHUP)

    def finish(self):
        print(f'finished after {self.calls}')

runner.run(Node)
"""


def test_a_node_that_hangs_at_its_end_is_ended(domain_id):
    assert end(HANGS_AT_ITS_END, domain_id) == -signal.SIGALRM


def test_a_second_signal_may_come_while_the_end_is_told(domain_id):
    """Ctrl-C reaches a node both from the terminal and from the supervisor."""
    assert end(TOLD_TWICE, domain_id) == 0


@pytest.mark.parametrize(
    ('disposition', 'calls'),
    [(signal.SIG_DFL, 1), pytest.param(signal.SIG_IGN, 3, id='under nohup')],
)
def test_a_node_finishes_when_its_terminal_hangs_up(domain_id, disposition, calls):
    node = subprocess.run(
        [sys.executable, '-c', HANGS_UP],
        env=dict(os.environ, ROS_DOMAIN_ID=str(domain_id)),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, disposition),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (node.returncode, node.stdout) == (0, f'finished after {calls}\n'), node.stderr


def end(program: str, domain_id: int) -> int:
    """Exit status of a node that is told to end once it spins."""
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id))
    node = subprocess.Popen(
        [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert node.stdout is not None and node.stdout.readline() == 'spins\n'
        node.terminate()
        return node.wait(PATIENCE_S)
    finally:
        node.kill()
        node.communicate()
