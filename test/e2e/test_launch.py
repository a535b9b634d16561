"""The launch files with the real `ros2 launch`, where that is installed (PyPI has none)."""

import os
import shutil
import signal
import subprocess

import pytest
from support import frame

from sign_recognition.bags.encoding import landmark_record
from sign_recognition.bags.writer import BagWriter

PATIENCE_S = 60
pytestmark = pytest.mark.skipif(
    shutil.which('ros2') is None, reason='no `ros2` command here: the launch files are NOT tried'
)


def ros2(domain_id, *words, **options):
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id))
    return subprocess.Popen(
        ['ros2', *words], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ('file', 'names'),
    [
        ('live.launch.py', ('source', 'mirrored', 'model', 'gestures', 'camera', 'config')),
        ('replay.launch.py', ('bag', 'start', 'rate', 'loop', 'send', 'model', 'config')),
    ],
)
def test_every_option_is_a_launch_argument(domain_id, file, names):
    shown, _ = ros2(domain_id, 'launch', 'sign_recognition', file, '--show-args').communicate(
        timeout=PATIENCE_S
    )
    for name in names:
        assert f"'{name}':" in shown


def test_the_graph_starts_and_a_gesture_is_heard(domain_id):
    graph = ros2(domain_id, 'launch', 'sign_recognition', 'live.launch.py', 'source:=signer')
    try:
        echo = ros2(
            domain_id, 'topic', 'echo', '--once', '/gesture', 'sign_recognition/msg/Gesture'
        )
        heard, _ = echo.communicate(timeout=PATIENCE_S)
        assert 'label:' in heard
    finally:
        graph.send_signal(signal.SIGINT)
        graph.communicate(timeout=PATIENCE_S)


def test_a_bag_is_replayed_and_the_launch_ends(domain_id, tmp_path):
    with BagWriter(tmp_path / 'bag') as writer:
        for index in range(20):
            writer.write(landmark_record(frame(100 + index / 20)))
    replay = ros2(
        domain_id, 'launch', 'sign_recognition', 'replay.launch.py', f'bag:={tmp_path / "bag"}'
    )
    said, _ = replay.communicate(timeout=PATIENCE_S)
    assert 'has ended' in said
