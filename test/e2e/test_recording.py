"""`sign-recognition record`: a bag of a graph, whatever becomes of the recorder."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import suppress

import pytest
from mcap.reader import make_reader
from rosbags.highlevel import AnyReader

from sign_recognition.bags.messages import image_rgb, landmark_frame
from sign_recognition.bags.reader import BagError, open_bag

SMALL_TOPICS = {
    '/diagnostics', '/gesture_scores', '/landmarks', '/model_info', '/record/cmd_vel',
}  # fmt: skip


def counts(bag_path):
    """Messages by topic; nothing while there is no bag yet."""
    with suppress(BagError), open_bag(bag_path) as bag:
        return Counter(record.topic for record in bag.records())
    return Counter()


def test_the_signer_is_recorded_in_one_command_and_any_reader_opens_the_bag(
    command, robot, tmp_path
):
    out = tmp_path / 'signer'
    run = command(
        'record', str(out), '--plain', '--source', 'signer', '--duration', '5', '--images'
    )
    assert run.end() == 0, run.text()
    assert robot.heard == []  # commands of a recording are for the bag alone
    with open_bag(out) as bag:
        assert bag.complete
        images = list(bag.records(['/image_raw/compressed']))
        assert image_rgb(images[0])[0].shape == (480, 640, 3)
        landmarks = [bag.decode(record) for record in bag.records(['/landmarks'])]
    frames = [landmark_frame(message) for message in landmarks]
    assert len(frames) >= 40
    assert sum(frame.hands_seen > 0 for frame in frames) > len(frames) / 2
    stamps_ns = [frame.stamp_ns for frame in frames]
    assert stamps_ns == sorted(stamps_ns)
    found = counts(out)
    assert set(found) >= SMALL_TOPICS | {'/image_raw/compressed'}
    with AnyReader([out]) as reader:
        for connection, _, data in reader.messages():
            reader.deserialize(data, connection.msgtype)
        assert reader.message_count == sum(found.values())
        assert all(c.ext.offered_qos_profiles for c in reader.connections)
    (path,) = out.glob('*.mcap')
    with path.open('rb') as file:
        reader = make_reader(file, validate_crcs=True)
        assert sum(1 for _ in reader.iter_messages()) == sum(found.values())
    assert f'{out}: {sum(found.values())} messages' in run.text()


def test_beside_a_running_graph_also_when_the_recorder_is_killed(live, command, robot, tmp_path):
    graph = live('--source', 'signer')
    graph.wait_for(lambda: robot.heard)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    run = command('record', str(whole), '--plain')
    run.wait_for(lambda: (c := counts(whole))['/landmarks'] >= 5 and c['/cmd_vel'] >= 5)
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.text()
    with open_bag(whole) as bag:
        assert bag.complete
    assert not [topic for topic in counts(whole) if 'image' in topic]

    # The robot of that graph would obey whatever another one shows.
    for verb in (['record', str(tmp_path / 'second')], ['live']):
        run = command(*verb, '--plain', '--source', 'signer')
        assert run.end() == 1, run.text()
        assert 'another control_node' in run.text()

    run = command('record', str(killed), '--plain')
    before = run.wait_for(lambda: (c := counts(killed))['/landmarks'] >= 20 and c)
    os.kill(run.node_process('recorder_node'), signal.SIGKILL)
    # It is started again, and does not touch what is there.
    assert run.end() == 1, run.text()
    assert 'exists already' in run.text()
    with open_bag(killed) as bag:
        assert not bag.complete
        after = Counter(record.topic for record in bag.records())
    assert after >= before
    assert graph.process.poll() is None


@pytest.mark.parametrize(
    ('arguments', 'status', 'named'),
    [
        (['/tmp'], 2, '/tmp: exists already'),
        (['/proc/bag'], 1, '/proc/bag'),
        (['/tmp/absent_bag', '--storage', 'bag'], 2, "storage: 'bag'"),
        (['/tmp/absent_bag', '--label', 'none'], 2, "label: 'none'"),
        (['/tmp/absent_bag', '--label', 'a', '--label', 'a'], 2, 'label: a: more than once'),
        (['/tmp/absent_bag', '--topic', 'a!b'], 1, "topics: 'a!b'"),
        (['/tmp/absent_bag', '--model', 'absent'], 2, "'absent'"),
    ],
)
def test_what_cannot_be_recorded_is_one_clear_error(command, arguments, status, named):
    run = command('record', *arguments, '--plain')
    assert run.end() == status, run.text()
    assert named in run.text()
    assert 'Traceback' not in run.text()
    assert not os.path.exists('/tmp/absent_bag')
