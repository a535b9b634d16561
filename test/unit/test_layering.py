"""Imports go one way: reads the imports of every module of sign_recognition, and runs none."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = 'sign_recognition'
SOURCE = Path(__file__).parents[2] / PACKAGE

# A module imports its own layer and lower ones. The longest name that fits counts: a package stands
# for all its modules. A new module has to be given its place here.
LAYERS = {
    'atomic': 0,
    'landmarks': 0,
    'latest': 0,
    'native_output': 0,
    'pixels': 0,
    'parallel': 0,
    'resources': 0,
    'stream_statistics': 0,
    'vocabulary': 0,
    'web_page': 0,
    'yaml_file': 0,
    'clip_images': 1,
    'decision': 1,
    'labelling': 1,
    'model_contract': 1,
    'motion': 1,
    'sequence': 1,
    'classifier': 2,
    'detector': 2,
    'bags': 3,
    'recognizer': 3,
    'drawing': 3,
    'sources': 3,
    'annotation': 4,
    'benchmark': 4,
    'datasets': 4,
    'evaluation': 4,
    'live.record': 4,  # what the monitor node fills and the live view shows
    'nodes': 4,
    'training': 4,
    'cli': 5,
    'commands': 5,
    'graph': 5,
    'launch_actions': 5,
    'live': 5,
}

# What one place alone may import, so that the rest runs and is tested without it.
ROS = ('rclpy', 'builtin_interfaces', 'cv_bridge', 'rcl_interfaces', 'std_srvs', f'{PACKAGE}.msg')
ONLY_IN = {
    **dict.fromkeys(ROS, 'nodes'),
    'mediapipe': 'detector',
    'onnxruntime': 'classifier',
    **dict.fromkeys(('mcap', 'rosbags'), 'bags'),
    **dict.fromkeys(('tensorflow', 'keras', 'onnx', 'tf2onnx'), 'training'),
    **dict.fromkeys(('launch', 'launch_ros'), 'launch_actions'),
}


def is_within(name: str, place: str) -> bool:
    return name == place or name.startswith(f'{place}.')


def most_specific(name: str, places: dict) -> str | None:
    return max((place for place in places if is_within(name, place)), key=len, default=None)


def module_name(path: Path, root: Path) -> str:
    """'nodes.camera_node' for nodes/camera_node.py; '' for the package itself."""
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imported_names(path: Path, root: Path) -> Iterator[str]:
    """Full names, also of `from package import module` and of relative imports."""
    here = [PACKAGE, *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else []
            stem = '.'.join([*base, *([node.module] if node.module else [])])
            yield from (f'{stem}.{alias.name}' for alias in node.names)


def own_fault(name: str, layer: int, imported: str, modules: set[str]) -> str | None:
    if not any(is_within(imported, module) for module in modules):
        return None  # a name of the package itself, as __version__
    place = most_specific(imported, LAYERS)
    if place is None:
        return f'{name} imports {imported}, which has no layer'
    if LAYERS[place] > layer:
        return f'{name} (layer {layer}) imports {imported} (layer {LAYERS[place]})'
    return None


def fault_of_import(name: str, layer: int, imported: str, modules: set[str]) -> str | None:
    restricted = most_specific(imported, ONLY_IN)
    place = ONLY_IN[restricted] if restricted else None
    if restricted is None and imported.split('.')[0].endswith('_msgs'):
        place = 'nodes'
    if place is not None:
        return None if is_within(name, place) else f'{name} imports {imported}: only {place} may'
    if is_within(imported, PACKAGE):
        return own_fault(name, layer, imported.removeprefix(f'{PACKAGE}.'), modules)
    return None


def faults(root: Path) -> list[str]:
    paths = sorted(root.rglob('*.py'))
    modules = {module_name(path, root) for path in paths} - {''}
    found = []
    for path in paths:
        name = module_name(path, root)
        place = most_specific(name, LAYERS)
        if name and place is None:
            found.append(f'{name} has no layer: place it in LAYERS')
            continue
        layer = LAYERS[place] if place else 0
        for imported in imported_names(path, root):
            fault = fault_of_import(name, layer, imported, modules)
            if fault:
                found.append(fault)
    return found


def test_imports_go_one_way() -> None:
    assert len(list(SOURCE.rglob('*.py'))) > 20  # the right folder
    assert faults(SOURCE) == []


@pytest.mark.parametrize(
    ('path', 'line', 'fault'),
    [
        ('sequence.py', 'from sign_recognition.recognizer import Recognizer', 'layer 1'),
        ('sequence.py', 'from sign_recognition import recognizer', 'layer 1'),
        ('sequence.py', 'from . import recognizer', 'layer 1'),
        ('sources/webcam.py', 'from ..nodes import qos', 'layer 3'),
        ('sources/webcam.py', 'import sign_recognition.nodes.qos', 'layer 3'),
        ('motion.py', 'def late() -> None:\n    import rclpy', 'only nodes may'),
        ('cli.py', 'from sign_recognition.msg import Gesture', 'only nodes may'),
        ('evaluation/replay.py', 'from sensor_msgs.msg import Image', 'only nodes may'),
        ('nodes/camera_node.py', 'import mediapipe as mp', 'only detector may'),
        ('recognizer.py', 'from onnxruntime import InferenceSession', 'only classifier may'),
        ('evaluation/metrics.py', 'import tensorflow.keras', 'only training may'),
        ('evaluation/metrics.py', 'from mcap.reader import make_reader', 'only bags may'),
        ('nodes/camera_node.py', 'from launch_ros.actions import Node', 'only launch_actions'),
        ('newcomer.py', 'import json', 'no layer'),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, path: str, line: str, fault: str) -> None:
    for module in ('recognizer.py', 'nodes/__init__.py', 'nodes/qos.py', path):
        (tmp_path / module).parent.mkdir(exist_ok=True)
        (tmp_path / module).touch()
    (tmp_path / path).write_text(f'{line}\n')
    found = faults(tmp_path)
    assert len(found) == 1
    assert fault in found[0]


def test_allowed_imports_are_no_faults(tmp_path: Path) -> None:
    (tmp_path / 'nodes').mkdir()
    (tmp_path / 'landmarks.py').touch()
    (tmp_path / 'nodes' / 'camera_node.py').write_text(
        'import json\nimport rclpy\nfrom sign_recognition.msg import Landmarks\n'
        'from sign_recognition import __version__\nfrom ..landmarks import Points\n'
    )
    assert faults(tmp_path) == []
