"""One description of the graph, and what both doors make of it."""

import dataclasses
import inspect
from pathlib import Path

import pytest
import yaml
from support import contract, frame, write_model

import sign_recognition.graph as graph
from sign_recognition.bags.encoding import landmark_record
from sign_recognition.bags.messages import COMPRESSED_IMAGE, IMAGE
from sign_recognition.bags.storage import BagError, Record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.commands.live import live
from sign_recognition.commands.replay import replay
from sign_recognition.graph import (
    LiveOptions,
    NodeDescription,
    ReplayOptions,
    environment_defaults,
    live_graph,
    replay_graph,
    solution_for,
)
from sign_recognition.live.session import SessionPlan

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'config'
NODES = [each.stem.removesuffix('_node') for each in ROOT.glob('sign_recognition/nodes/*_node.py')]


@pytest.fixture(autouse=True)
def config_of_the_checkout(monkeypatch):
    monkeypatch.setattr(graph, 'config_file', CONFIG.__truediv__)


def nodes(**options):
    return {node.name: node for node in live_graph(LiveOptions(**options))}


def test_the_graph_starts_from_the_robot():
    names = [node.name for node in live_graph(LiveOptions())]
    assert names == ['control_node', 'recognition_node', 'landmark_node', 'camera_node']


def test_options_left_alone_leave_the_parameter_files_alone():
    assert all(not node.parameters for node in nodes().values())


def test_options_reach_the_nodes_that_they_concern():
    described = nodes(source='clip.mp4', mirrored=False, jpeg=True, model='m.onnx', stamped=False)
    assert described['camera_node'].parameters == {
        'source': 'clip.mp4', 'mirrored': False, 'jpeg': True,
    }  # fmt: skip
    assert described['landmark_node'].parameters == {'mirrored': False, 'transport': 'compressed'}
    assert described['recognition_node'].parameters == {
        'model': 'm.onnx', 'transport': 'compressed',
    }  # fmt: skip
    assert described['control_node'].parameters == {'stamped': False}


def test_a_model_that_reads_bodies_gets_them(tmp_path):
    models = {
        body: str(write_model(tmp_path / f'{body}.onnx', contract(body=body).to_metadata()))
        for body in (True, False)
    }
    for body, wanted in ((True, {'solution': 'holistic'}), (False, {})):
        assert nodes(model=models[body])['landmark_node'].parameters == wanted
        assert solution_for('auto', [models[False], models[body]]) == wanted.get(
            'solution', 'hands'
        )
    chosen = nodes(model=models[True], solution='hands')['landmark_node']
    assert chosen.parameters == {'solution': 'hands'}


def test_a_camera_of_ones_own():
    assert 'camera_node' not in nodes(camera=False)


@pytest.fixture
def bag(tmp_path):
    """A bag with landmarks, a raw image and a compressed one; the images are empty."""
    with BagWriter(tmp_path / 'bag') as writer:
        writer.write(landmark_record(frame(1.0)))
        writer.write(Record('/image_raw', IMAGE, 1, b'\0\1\0\0'))
        writer.write(Record('/back/jpeg', COMPRESSED_IMAGE, 1, b'\0\1\0\0'))
    return str(tmp_path / 'bag')


def replay_nodes(bag, **options):
    return {node.name: node for node in replay_graph(ReplayOptions(bag, **options))}


def test_a_replay_from_landmarks_needs_no_detector(bag):
    described = replay_nodes(bag)
    assert [*described] == ['control_node', 'recognition_node', 'replay_node']
    assert described['replay_node'].parameters == {'bag': bag}
    for name in ('control_node', 'recognition_node'):
        assert described[name].parameters == {'use_sim_time': True}


def test_a_bag_that_is_watched_waits_for_its_monitor(bag):
    watched = SessionPlan.replay(ReplayOptions(bag)).nodes[-1]
    assert watched.parameters == {'bag': bag, 'monitored': True}


@pytest.mark.parametrize(('topic', 'transport'), [('', 'raw'), ('/back/jpeg', 'compressed')])
def test_a_replay_from_images_finds_landmarks_in_them(bag, topic, transport):
    described = replay_nodes(bag, start='images', image_topic=topic)
    assert [*described] == ['control_node', 'recognition_node', 'landmark_node', 'replay_node']
    wanted = {'use_sim_time': True, 'transport': transport}
    assert described['landmark_node'].parameters == wanted


@pytest.mark.parametrize(
    ('options', 'topic'),
    [
        ({}, 'replay/cmd_vel'),
        ({'cmd_vel': '/base/cmd_vel'}, 'replay/base/cmd_vel'),
        ({'send': True}, 'cmd_vel'),
    ],
)
def test_the_robot_hears_a_replay_only_when_asked(bag, options, topic):
    assert replay_nodes(bag, **options)['control_node'].remappings == {'cmd_vel': topic}


def test_a_faster_replay_drives_no_robot(bag):
    assert replay_nodes(bag, rate=4.0)['control_node'].parameters['max_age_s'] == 0
    with pytest.raises(ValueError, match=r'rate: 4\.0.*at most 1'):
        ReplayOptions(bag, rate=4.0, send=True)


@pytest.mark.parametrize(
    ('options', 'named'),
    [({'start': 'legs'}, "'legs'"), ({'start': 'images', 'image_topic': '/no'}, "'/no'")],
)
def test_what_cannot_be_replayed_is_named(bag, options, named):
    with pytest.raises((ValueError, BagError), match=named):
        replay_nodes(bag, **options)


def test_a_parameter_file_comes_after_the_defaults():
    files = nodes(config='mine.yaml')['control_node'].parameter_files
    assert files == (CONFIG / 'control.yaml', Path('mine.yaml'))


def test_texts_of_launch_become_options():
    texts = {each.name: str(each.default) for each in dataclasses.fields(LiveOptions)}
    assert LiveOptions.from_texts(texts) == LiveOptions()
    assert LiveOptions.from_texts({'mirrored': 'false', 'width': '320'}).width == 320


def test_texts_of_launch_become_options_of_a_replay():
    options = ReplayOptions.from_texts({'bag': '12', 'rate': '0.5', 'send': 'true'})
    assert options == ReplayOptions('12', rate=0.5, send=True)


@pytest.mark.parametrize(('name', 'text'), [('mirrored', 'maybe'), ('width', 'wide')])
def test_a_wrong_text_is_named(name, text):
    with pytest.raises(ValueError, match=f'{name}.*{text}'):
        LiveOptions.from_texts({name: text})


@pytest.mark.parametrize(('verb', 'options'), [(live, LiveOptions), (replay, ReplayOptions)])
def test_the_command_offers_every_option_with_the_same_default(verb, options):
    offered = inspect.signature(verb).parameters
    for each in dataclasses.fields(options):
        if each.default is not dataclasses.MISSING:
            assert offered[each.name].default == each.default


def test_texts_stay_texts_on_a_command_line():
    node = NodeDescription('n', (Path('a.yaml'),), {'source': '0', 'who': "it's", 'on': True})
    values = [word.split(':=')[1] for word in node.arguments() if ':=' in word]
    assert [yaml.safe_load(value) for value in values] == ['0', "it's", True]


@pytest.mark.parametrize(
    ('environment', 'absent'),
    [
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, 'ROS_AUTOMATIC_DISCOVERY_RANGE'),
        ({'FASTDDS_DEFAULT_PROFILES_FILE': 'mine.xml'}, 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ({'FASTRTPS_DEFAULT_PROFILES_FILE': 'mine.xml'}, 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ({'AMENT_PREFIX_PATH': '/opt/ros/jazzy'}, 'AMENT_PREFIX_PATH'),
    ],
)
def test_what_the_user_set_wins(environment, absent):
    assert absent in environment_defaults({})
    assert absent not in environment_defaults(environment)


@pytest.mark.parametrize('name', NODES)
def test_each_node_has_a_parameter_file_for_any_namespace(name):
    content = yaml.safe_load((CONFIG / f'{name}.yaml').read_text())
    assert [*content] == [f'/**/{name}_node']
