"""How a node program ends."""

import os
import signal
import subprocess
import sys

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


def test_a_node_that_hangs_at_its_end_is_ended(domain_id):
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id))
    node = subprocess.Popen(
        [sys.executable, '-c', HANGS_AT_ITS_END], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert node.stdout is not None and node.stdout.readline() == 'spins\n'
        node.terminate()
        assert node.wait(PATIENCE_S) == -signal.SIGALRM
    finally:
        node.kill()
        node.communicate()
