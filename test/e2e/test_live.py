"""The main job, end to end: camera to robot command, and every way in which it must stop."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

STOPS_WITHIN_S = 0.5


@pytest.fixture
def moving(live, always_moving):
    """A graph that only a fault stops."""
    return live(*(word for name, value in always_moving.items() for word in (f'--{name}', value)))


def test_the_signer_drives_the_robot(live, robot, tmp_path):
    report_path = tmp_path / 'report.json'
    run = live('--source', 'signer', '--duration', '60', '--report', str(report_path))
    assert run.end() == 0, run.text()
    report = json.loads(report_path.read_text())
    assert len(report['truth']) >= 8
    # Proves the graph, on machines of any speed; how good the model is stands in its card.
    assert report['recall'] >= 0.3, report['by_label']
    assert any(moved for _, moved in robot.heard)
    assert not robot.moves()
    assert set(report['commands']['last'].values()) == {0.0}
    assert report['restarts'] == {}
    for stage in ('landmarks', 'recognition', 'camera_to_command'):
        assert report['latency_ms'][stage]['p50'] > 0
    assert 'gesture' in run.text()


def test_a_dead_node_stops_the_robot_and_comes_back(moving, robot):
    for name in ('camera_node', 'landmark_node', 'recognition_node', 'control_node'):
        moving.wait_for(robot.moves)
        victim = moving.node_process(name)
        os.kill(victim, signal.SIGKILL)
        killed_s = time.monotonic()
        moving.wait_for(lambda: not robot.moves())
        stopped_s = next(at for at, moved in robot.heard if at > killed_s and not moved)
        assert stopped_s - killed_s < STOPS_WITHIN_S, name
        moving.wait_for(lambda n=name, v=victim: moving.node_process(n) not in (None, v))
        moving.wait_for(lambda n=name: f'{n} died (killed by SIGKILL)' in moving.text())


def test_ctrl_c_ends_everything_and_zero_is_last(moving, robot):
    moving.wait_for(robot.moves)
    children = moving.children()
    assert len(children) == 4
    moving.process.send_signal(signal.SIGINT)
    assert moving.end() == 0
    assert not robot.moves()
    assert not any(os.path.exists(f'/proc/{process_id}') for process_id in children)


def test_when_the_command_itself_is_killed_its_nodes_stop_the_robot_and_end(moving, robot):
    moving.wait_for(robot.moves)
    children = moving.children()
    moving.process.kill()
    moving.wait_for(lambda: not any(os.path.exists(f'/proc/{each}') for each in children))
    assert not robot.moves()


def test_a_file_is_shown_once_and_the_run_ends(live, tmp_path):
    import cv2
    import numpy as np

    clip, report_path = tmp_path / 'clip.avi', tmp_path / 'report.json'
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*'MJPG'), 15.0, (160, 120))
    for _ in range(30):
        writer.write(np.zeros((120, 160, 3), np.uint8))
    writer.release()
    run = live('--source', str(clip), '--report', str(report_path))
    assert run.end() == 0, run.text()
    report = json.loads(report_path.read_text())
    assert report['duration_s'] == pytest.approx(29 / 15, abs=0.2)
    assert report['events'] == []


@pytest.mark.parametrize(
    ('arguments', 'status', 'named'),
    [
        (['--source', '/absent.mp4'], 1, '/absent.mp4'),
        (['--model', 'absent'], 2, "'absent'"),
        (['--gestures', '/absent.yaml'], 2, '/absent.yaml'),
        (['--config', '/absent.yaml'], 2, '/absent.yaml'),
        (['--report', '/absent/report.json'], 2, '/absent'),
        (['--solution', 'legs'], 2, "'legs'"),
        (['--cmd-vel', 'my cmd'], 2, 'error: Invalid topic name'),
        (['--width', '3'], 2, '--width'),
    ],
)
def test_what_cannot_work_is_one_clear_error(live, arguments, status, named):
    run = live('--duration', '5', *arguments)
    assert run.end() == status, run.text()
    assert named in run.text()
    assert 'Traceback' not in run.text()
