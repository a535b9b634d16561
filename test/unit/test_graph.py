"""One description of the graph, and what both doors make of it."""

import dataclasses
import inspect
from pathlib import Path

import pytest
import yaml

import sign_recognition.graph as graph
from sign_recognition.commands.live import live
from sign_recognition.graph import LiveOptions, NodeDescription, environment_defaults, live_graph

CONFIG = Path(__file__).parents[2] / 'config'


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
    assert described['recognition_node'].parameters == {'model': 'm.onnx'}
    assert described['control_node'].parameters == {'stamped': False}


def test_a_camera_of_ones_own():
    assert 'camera_node' not in nodes(camera=False)


def test_a_parameter_file_comes_after_the_defaults():
    files = nodes(config='mine.yaml')['control_node'].parameter_files
    assert files == (CONFIG / 'control.yaml', Path('mine.yaml'))


def test_texts_of_launch_become_options():
    texts = {each.name: str(each.default) for each in dataclasses.fields(LiveOptions)}
    assert LiveOptions.from_texts(texts) == LiveOptions()
    assert LiveOptions.from_texts({'mirrored': 'false', 'width': '320'}).width == 320


@pytest.mark.parametrize(('name', 'text'), [('mirrored', 'maybe'), ('width', 'wide')])
def test_a_wrong_text_is_named(name, text):
    with pytest.raises(ValueError, match=f'{name}.*{text}'):
        LiveOptions.from_texts({name: text})


def test_the_command_offers_every_option_with_the_same_default():
    offered = inspect.signature(live).parameters
    for each in dataclasses.fields(LiveOptions):
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


@pytest.mark.parametrize('name', ['camera', 'landmark', 'recognition', 'control'])
def test_each_node_has_a_parameter_file_for_any_namespace(name):
    content = yaml.safe_load((CONFIG / f'{name}.yaml').read_text())
    assert [*content] == [f'/**/{name}_node']
