"""The launch file with the real `ros2 launch`, where that is installed (PyPI has none)."""

import os
import shutil
import signal
import subprocess

import pytest

PATIENCE_S = 60
pytestmark = pytest.mark.skipif(
    shutil.which('ros2') is None, reason='no `ros2` command here: the launch file is NOT tried'
)


def ros2(domain_id, *words, **options):
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain_id))
    return subprocess.Popen(
        ['ros2', *words], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
    )  # fmt: skip


def test_every_option_is_a_launch_argument(domain_id):
    shown, _ = ros2(
        domain_id, 'launch', 'sign_recognition', 'live.launch.py', '--show-args'
    ).communicate(timeout=PATIENCE_S)
    for name in ('source', 'mirrored', 'model', 'gestures', 'camera', 'config'):
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
