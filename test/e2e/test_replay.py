"""A bag through the installed command: shown, and sent to the robot only where that is asked."""

from __future__ import annotations

import dataclasses
import json

import pytest
from support import contract, frame, write_model

from sign_recognition.bags.encoding import gesture_record, landmark_record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.decision import EventKind, GestureEvent

S = 1_000_000_000
BEGAN_NS = 1_700_000_000 * S


@pytest.fixture
def arguments(tmp_path):
    """A bag in which the hand goes right once and comes back, and a model and table for it."""
    with BagWriter(tmp_path / 'bag') as writer:
        for index in range(40):
            at_ns = BEGAN_NS + index * S // 20
            seen = frame(0, 0.95 if 10 <= index < 25 else 0.5)
            writer.write(landmark_record(dataclasses.replace(seen, stamp_ns=at_ns)))
        told = GestureEvent(EventKind.END, 'Swipe Right', 1.0, BEGAN_NS + S // 2, BEGAN_NS + S)
        writer.write(gesture_record(told, log_ns=BEGAN_NS + 2 * S))
    model = write_model(tmp_path / 'tiny.onnx', contract().to_metadata())
    table = tmp_path / 'gestures.yaml'
    table.write_text('gestures: {Swipe Right: {linear_x: 0.3, for_s: 60}}')
    return ['--plain', str(tmp_path / 'bag'), '--model', str(model), '--gestures', str(table)]


@pytest.mark.parametrize('send', [False, True])
def test_a_bag_drives_the_graph_and_the_robot_only_when_asked(
    command, listen, arguments, tmp_path, send
):
    obeys, idles = listen('cmd_vel'), listen('replay/cmd_vel')
    if not send:
        obeys, idles = idles, obeys
    report_path = tmp_path / 'report.json'
    run = command('replay', *arguments, '--report', str(report_path), *['--send'] * send)
    assert run.end() == 0, run.text()
    report = json.loads(report_path.read_text())
    assert [each['label'] for each in report['events']] == ['Swipe Right']
    assert report['recall'] == 1.0
    assert report['origin_ns'] == BEGAN_NS
    assert report['duration_s'] == pytest.approx(39 / 20)
    assert any(moved for _, moved in obeys.heard)
    assert not obeys.moves()
    assert set(report['commands']['last'].values()) == {0.0}
    assert idles.heard == []
    assert report['restarts'] == {}


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['/absent'], '/absent: no such bag'),
        (['BAG', '--from', 'images'], 'no images'),
        (['BAG', '--rate', '2', '--send'], 'rate: 2.0'),
        (['BAG', '--model', 'absent'], "'absent'"),
    ],
)
def test_what_cannot_be_replayed_is_one_clear_error(command, arguments, words, named):
    run = command('replay', *[arguments[1] if word == 'BAG' else word for word in words])
    assert run.end() == 2, run.text()
    assert named in run.text()
    assert len(run.lines) == 1
