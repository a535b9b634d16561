#!/usr/bin/env python3
"""Makes .venv in the checkout: ROS 2 from PyPI, the requirements, this package with its messages.

    python3 scripts/set_up.py [train] [test]     the arguments are the extras of pyproject.toml

Each step leaves a stamp of its inputs in .venv, and is done again only when they change. Standard
library only, and written for old Pythons too: it runs before there is an environment.
"""

import hashlib
import os
import shutil
import subprocess
import sys

import check_system

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, '.venv')
PYTHON = os.path.join(VENV, 'bin', 'python')
# What the installed package is made of, besides its requirements.
SOURCES = (
    'sign_recognition', 'msg', 'cmake', 'launch', 'config', 'resource',
    'CMakeLists.txt', 'package.xml', 'pyproject.toml', 'setup.py',
)  # fmt: skip

# Runs in the environment: prints the requirements of the groups named in its arguments.
REQUIREMENTS = """
import sys
try:
    import tomllib
except ImportError:  # Python 3.10
    from pip._vendor import tomli as tomllib
with open('pyproject.toml', 'rb') as file:
    facts = tomllib.load(file)
groups = dict(facts['project']['optional-dependencies'])
groups['build'] = facts['build-system']['requires']
groups['run'] = facts['project']['dependencies']
print(chr(10).join(line for group in sys.argv[1:] for line in groups[group]))
"""


def run(*command):
    """Runs a command in the checkout; ends this program when it fails."""
    status = subprocess.call(command, cwd=ROOT)
    if status:
        sys.exit('Set-up stopped: {} ended with {}.'.format(' '.join(command[:4]), status))


def venv_works():
    """Whether .venv is there, where it was made (its scripts name their path), and starts."""
    probe = 'import sys, pip; print(sys.prefix, sys.version_info[:2])'
    try:
        found = subprocess.check_output([PYTHON, '-c', probe], universal_newlines=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    scripts = os.path.join(VENV, 'bin', 'pip')
    with open(scripts, 'rb') as script:
        here = VENV.encode() in script.read(500)
    return here and found.strip() in [f'{VENV} {s}' for s in check_system.SUPPORTED]


def make_venv():
    if venv_works():
        return
    print('Making .venv', flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, '-m', 'venv', VENV)
    # Debian 12's pip fetches whole wheels to learn what they require: minutes more.
    run(PYTHON, '-m', 'pip', 'install', '--quiet', '--upgrade', 'pip>=24.1')


def stamped(name, inputs):
    """Whether the step of that name was done with these inputs; the path of its stamp, its text."""
    path = os.path.join(VENV, 'stamps', name)
    digest = hashlib.sha256(inputs).hexdigest()
    try:
        with open(path) as stamp:
            return stamp.read() == digest, path, digest
    except OSError:
        return False, path, digest


def write_stamp(path, digest):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as stamp:
        stamp.write(digest)


def install_requirements(extras):
    """Installs the requirements of the build, of the run and of the extras; nothing is compiled."""
    command = [PYTHON, '-c', REQUIREMENTS, 'build', 'run'] + extras
    wanted = subprocess.check_output(command, cwd=ROOT, universal_newlines=True).split('\n')
    wanted = [line for line in wanted if line]
    done, path, digest = stamped('-'.join(['requirements'] + extras), repr(wanted).encode())
    if done:
        return
    print(f'Installing {len(wanted)} requirements from PyPI', flush=True)
    pip = [PYTHON, '-m', 'pip', 'install', '--quiet', '--only-binary', ':all:']
    pip += ['--no-binary', 'empy']  # rosidl's templates; pure Python, and published as source only
    run(*pip, *wanted)
    write_stamp(path, digest)


def source_files():
    for name in SOURCES:
        path = os.path.join(ROOT, name)
        if os.path.isfile(path):
            yield path
        for folder, _, names in sorted(os.walk(path)):
            for file in sorted(names):
                if '__pycache__' not in folder:
                    yield os.path.join(folder, file)


def install_package():
    """Installs this package; compiles the messages only when they have changed (setup.py)."""
    inputs = b''
    for path in source_files():
        with open(path, 'rb') as file:
            content = hashlib.sha256(file.read()).digest()
        inputs += os.path.relpath(path, ROOT).encode() + content
    done, path, digest = stamped('package', inputs)
    if done:
        return
    print('Installing sign_recognition into .venv', flush=True)
    run(PYTHON, '-m', 'pip', 'install', '--quiet', '--no-build-isolation', '--no-deps', '.')
    write_stamp(path, digest)


def main():
    check_system.choose_python()
    if check_system.report(as_apt=False):
        sys.exit(1)
    make_venv()
    install_requirements(sorted(sys.argv[1:]))
    install_package()


if __name__ == '__main__':
    main()
