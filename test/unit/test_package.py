"""The two doors describe one package: package.xml (ROS) and pyproject.toml (pip)."""

import ast
import importlib.util
import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import sign_recognition

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / 'sign_recognition'
PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
PROJECT = PYPROJECT['project']
MANIFEST = ElementTree.parse(ROOT / 'package.xml').getroot()

# Import name -> the requirement that brings it, where they are not called the same.
BROUGHT_BY = {
    'cv2': 'mediapipe',
    'keras': 'tensorflow',
    'lz4': 'mcap',
    'onnx': 'tf2onnx',
    'sklearn': 'scikit-learn',
    'yaml': 'pyyaml',
    'yt_dlp': 'yt-dlp',
    'zstandard': 'mcap',
    # apt ROS has them, the wheels have not.
    **dict.fromkeys(('cv_bridge', 'launch', 'launch_ros')),
    **dict.fromkeys(
        ('ament_index_python', 'builtin_interfaces', 'rcl_interfaces', 'rosgraph_msgs'), 'ros-rclpy'
    ),
    'std_msgs': 'ros-jazzy-sensor-msgs',
    **{
        name: f'ros-jazzy-{name.replace("_", "-")}'
        for name in ('rclpy', 'sensor_msgs', 'geometry_msgs', 'diagnostic_msgs', 'std_srvs')
    },
}
# Comes with rclpy, for the command line too.
IMPLIED_IN_MANIFEST = {'rcl_interfaces'}


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r'[\[=<>~! ]', line)[0].lower() for line in requirements}


def imported_roots(folder: Path) -> set[str]:
    """First names of all absolute imports, without our own and the standard library's."""
    roots = set()
    for path in folder.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots.add(node.module.split('.')[0])
    return roots - set(sys.stdlib_module_names) - {'sign_recognition'}


def is_ros(name: str) -> bool:
    return name.endswith(('_msgs', '_interfaces')) or name in {
        'rclpy', 'std_srvs', 'cv_bridge', 'launch', 'launch_ros',
    }  # fmt: skip


def test_doors_agree_on_name_version_and_licence() -> None:
    assert MANIFEST.findtext('name').replace('_', '-') == PROJECT['name']
    assert MANIFEST.findtext('version') == PROJECT['version']
    assert MANIFEST.findtext('license') == PROJECT['license']['text']
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()


def test_every_ros_import_is_declared_in_package_xml() -> None:
    declared = {
        element.text for element in MANIFEST.iter() if element.tag in {'depend', 'exec_depend'}
    }
    used = {name for name in imported_roots(SOURCE) if is_ros(name)}
    assert 'rclpy' in used
    assert used - IMPLIED_IN_MANIFEST <= declared


def test_every_import_is_declared_in_pyproject() -> None:
    declared = requirement_names(PROJECT['dependencies'])
    extras = PROJECT['optional-dependencies']
    with_extras = declared | requirement_names(extras['train'] + extras['download'])
    used = imported_roots(SOURCE)
    assert 'numpy' in used
    brought = {BROUGHT_BY.get(name, name) for name in used} - {None}
    assert brought <= with_extras


def test_build_and_run_take_the_same_ros() -> None:
    pins = {}
    for line in PYPROJECT['build-system']['requires'] + PROJECT['dependencies']:
        name, _, version = line.partition('==')
        if name.startswith('ros-'):
            assert version, f'{line}: a mix of ROS versions does not link, so pin it'
            assert pins.setdefault(name, version) == version


def test_every_node_can_start() -> None:
    nodes = sorted((SOURCE / 'nodes').glob('*_node.py'))
    assert len(nodes) >= 4
    for node in nodes:
        functions = {
            item.name for item in ast.parse(node.read_text()).body if hasattr(item, 'name')
        }
        assert 'main' in functions, node


def test_command_points_at_the_cli() -> None:
    assert PROJECT['scripts'] == {'sign-recognition': 'sign_recognition.cli:main'}


def test_set_up_asks_for_the_supported_pythons() -> None:
    text = (ROOT / 'scripts' / 'check_system.py').read_text()
    table = next(line for line in text.splitlines() if line.startswith('SUPPORTED'))
    minors = [int(minor) for minor in re.findall(r'3, (\d+)', table)]
    assert PROJECT['requires-python'] == f'>=3.{min(minors)},<3.{max(minors) + 1}'


@pytest.mark.skipif('SIGN_RECOGNITION_TEST_INSTALLED' not in os.environ, reason='only `make test`')
def test_installed_package_is_what_is_tested() -> None:
    assert SOURCE not in Path(sign_recognition.__file__).parents
    assert importlib.util.find_spec('sign_recognition.msg')  # compiled: not in the source tree
