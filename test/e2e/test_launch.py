"""The launch files with the real `ros2 launch`, where that is installed (PyPI has none)."""

from __future__ import annotations

import functools
import os
import shutil
import signal

import pytest
from support import frame

from sign_recognition.bags.encoding import landmark_record
from sign_recognition.bags.writer import BagWriter

pytestmark = pytest.mark.skipif(
    shutil.which('ros2') is None, reason='no `ros2` command here: the launch files are NOT tried'
)


@pytest.fixture
def launch(start):
    """Starts one of our launch files with arguments."""
    return functools.partial(start, 'ros2', 'launch', 'sign_recognition')


@pytest.mark.parametrize(
    ('file', 'names'),
    [
        ('live.launch.py', ('source', 'mirrored', 'model', 'gestures', 'camera', 'config')),
        ('replay.launch.py', ('bag', 'start', 'rate', 'loop', 'send', 'model', 'config')),
    ],
)
def test_every_option_is_a_launch_argument(launch, file, names):
    run = launch(file, '--show-args')
    assert run.end() == 0, run.text()
    for name in names:
        assert f"'{name}':" in run.text()


def test_the_graph_starts_and_a_gesture_is_heard(launch, start):
    launch('live.launch.py', 'source:=signer')
    echo = start('ros2', 'topic', 'echo', '--once', '/gesture', 'sign_recognition/msg/Gesture')
    assert echo.end() == 0, echo.text()
    assert 'label:' in echo.text()


# As for one of several robots.
AMONG_OTHERS = """
from launch import LaunchDescription
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import PushRosNamespace, SetRemap
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    file = PathJoinSubstitution(
        [FindPackageShare('sign_recognition'), 'launch', 'live.launch.py']
    )
    live = IncludeLaunchDescription(file, launch_arguments=OPTIONS.items())
    around = [PushRosNamespace('left'), SetRemap('cmd_vel', 'wheels')]
    after = [PushRosNamespace('right'), SetRemap('cmd_vel', 'other_wheels')]
    return LaunchDescription([GroupAction([*around, live, *after])])
"""


def test_control_that_died_starts_again_and_stops_the_robot(start, listen, always_moving, tmp_path):
    file = tmp_path / 'two_robots.launch.py'
    file.write_text(f'OPTIONS = {always_moving!r}\n{AMONG_OTHERS}')
    run, robot = start('ros2', 'launch', str(file)), listen('left/wheels')
    run.wait_for(robot.moves)
    victim = run.node_process('control_node')
    os.kill(victim, signal.SIGKILL)
    run.wait_for(lambda: not robot.moves())
    assert run.node_process('control_node') in (None, victim), 'zero waited for the next one'
    heard = len(robot.heard)
    run.wait_for(lambda: run.node_process('control_node') not in (None, victim))
    run.wait_for(lambda: len(robot.heard) > heard + 10)
    assert not robot.moves()


def test_an_empty_namespace_is_none(start, tmp_path):
    file = tmp_path / 'one_robot.launch.py'
    among = AMONG_OTHERS.replace("'left'", "''")
    file.write_text(f"OPTIONS = {{'source': 'signer'}}\n{among}")
    run = start('ros2', 'launch', str(file))
    run.wait_for(lambda: run.node_process('camera_node'))


def test_a_bag_is_replayed_and_the_launch_ends(launch, tmp_path):
    with BagWriter(tmp_path / 'bag') as writer:
        for index in range(20):
            writer.write(landmark_record(frame(100 + index / 20)))
    replay = launch('replay.launch.py', f'bag:={tmp_path / "bag"}')
    assert replay.end() == 0, replay.text()
    assert 'has ended' in replay.text()
