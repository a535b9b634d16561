"""One description of the graph, and what both doors make of it."""

import dataclasses
import inspect
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from support import contract, frame, write_model
from typer.testing import CliRunner

import sign_recognition.graph as graph
from sign_recognition.bags.encoding import landmark_record
from sign_recognition.bags.messages import COMPRESSED_IMAGE, IMAGE
from sign_recognition.bags.storage import BagError, Record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.cli import app
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
from sign_recognition.live import session
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
    assert described['replay_node'].parameters == {'bag': bag, 'controlled': True}
    for name in ('control_node', 'recognition_node'):
        assert described[name].parameters == {'use_sim_time': True}


def test_a_bag_that_is_watched_waits_for_its_monitor(bag):
    watched = SessionPlan.replay(ReplayOptions(bag)).nodes[-1]
    assert watched.parameters == {'bag': bag, 'controlled': True, 'monitored': True}


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
    [
        ({'start': 'legs'}, "'legs'"),
        ({'start': 'images', 'image_topic': '/no'}, "'/no'"),
        ({'image_topic': '/back/jpeg'}, "image_topic: '/back/jpeg', allowed is none where"),
        ({'solution': 'legs'}, "solution: 'legs', allowed are auto, hands, holistic"),
    ],
)
def test_what_cannot_be_replayed_is_named(bag, options, named):
    with pytest.raises((ValueError, BagError), match=named):
        replay_nodes(bag, **options)


@pytest.fixture
def write(tmp_path):
    """Writes a parameter file."""

    def write_text(text):
        path = tmp_path / 'mine.yaml'
        path.write_text(text)
        return str(path)

    return write_text


def test_a_parameter_file_comes_after_the_defaults(write):
    mine = write('/**/control_node: {ros__parameters: {linear_mps: 0.2}}')
    files = nodes(config=mine)['control_node'].parameter_files
    assert files == (CONFIG / 'control.yaml', Path(mine))


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('/**/control_node: {ros__parameters: {stamped: false}}', 'stamped: False.*--stamped'),
        ('control_node: {ros__parameters: {stamped: false}}', '--stamped'),
        ('/**: {ros__parameters: {stamped: false}}', '--stamped'),
        ('/robot: {control_node: {ros__parameters: {stamped: false}}}', '--stamped'),
        ('/robot/*: {ros__parameters: {model: body}}', "model: 'body' of recognition_.*--model"),
        ('/**/camera_node: {ros__parameters: {jpeg: true}}', r'jpeg.*--jpeg.*launch jpeg:='),
        ('/**/landmark_node: {ros__parameters: {mirrored: false}}', 'mirrored: False.*--mirrored'),
        ('- [', 'no YAML'),
    ],
)
def test_what_the_whole_graph_has_to_know_is_refused_in_a_file(write, text, named):
    with pytest.raises(ValueError, match=f'(?s)config.*mine.yaml.*{named}'):
        nodes(config=write(text))


@pytest.mark.parametrize(
    'setting', ['rate: 4.0', 'start: images', 'image_topic: /back/jpeg', 'stamped: false']
)
def test_what_a_whole_replay_has_to_know_is_refused_in_a_file(write, bag, setting):
    name = setting.split(':')[0]
    with pytest.raises(ValueError, match=f'mine.yaml: {name}: '):
        replay_nodes(bag, config=write(f'/**: {{ros__parameters: {{{setting}}}}}'))


def test_a_file_may_say_what_the_graph_is_built_for(write):
    same = '/**/control_node: {ros__parameters: {stamped: true, rate_hz: 50.0}}'
    assert nodes(config=write(same))['control_node'].parameters == {}
    other = write('/**/control_node: {ros__parameters: {stamped: true}}')
    assert nodes(config=other, stamped=False)['control_node'].parameters == {'stamped': False}
    nobody = write('/**/camera_node: {ros__parameters: {jpeg: true}}')
    assert 'camera_node' not in nodes(config=nobody, camera=False)
    assert nodes(config=write(''))


@pytest.fixture
def plans(monkeypatch):
    """What a command would have run."""
    made = []

    def start(plan, *_, **__):
        made.append(plan)
        return SimpleNamespace(run=lambda: 0)

    monkeypatch.setattr(session, 'LiveSession', start)
    return made


@pytest.mark.parametrize('verb', [['live'], ['record', 'bag', '--source', 'signer']])
def test_a_refused_file_is_one_error_of_the_command(monkeypatch, tmp_path, write, plans, verb):
    monkeypatch.chdir(tmp_path)
    mine = write('/**/control_node: {ros__parameters: {stamped: false}}')
    run = CliRunner().invoke(app, [*verb, '--config', mine])
    assert run.exit_code == 2
    assert run.output.startswith('error: config: ') and run.output.count('\n') == 1
    assert plans == []


def test_the_view_of_a_recording_hears_the_commands_that_there_are(tmp_path, plans):
    for words in ([], ['--no-stamped']):
        run = CliRunner().invoke(app, ['record', str(tmp_path / 'bag'), *words])
        assert run.exit_code == 0, run.output
    assert [plan.stamped for plan in plans] == [True, False]


def test_control_that_died_starts_again_latched(monkeypatch, bag):
    made = []
    monkeypatch.setattr(session, 'Supervisor', lambda *_, **given: made.append(given))
    monkeypatch.setattr(session, 'program_directory', Path)
    monkeypatch.setattr(os, 'environ', dict(os.environ))
    session.LiveSession(SessionPlan.replay(ReplayOptions(bag)), plain=True)
    again = made[0]['restart_commands']
    assert {'use_sim_time:=true', 'start_latched:=true'} <= {*again['control_node']}
    assert 'start_latched:=true' not in again['recognition_node']


def test_the_signer_takes_nobodys_place_when_a_camera_died():
    camera = next(each for each in live_graph(LiveOptions()) if each.name == 'camera_node')
    assert 'stand_in:=false' in camera.again().arguments()
    assert 'stand_in:=false' not in camera.arguments()


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
