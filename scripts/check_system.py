#!/usr/bin/env python3
"""Names the system packages that are missing, before anything fails deep inside a build.

Standard library only, and written for old Pythons too: it runs before there is an environment.
Exit status 1 where something is missing; --apt prints just the package names, for .ci/run.
"""

import ctypes
import os
import shutil
import sys
import sysconfig

SUPPORTED = ((3, 10), (3, 11), (3, 12))  # as requires-python in pyproject.toml

# Library -> (Debian and Ubuntu package, who loads it). MediaPipe carries all of its own.
LIBRARIES = {
    'libGL.so.1': ('libgl1', 'OpenCV'),
    'libgthread-2.0.so.0': ('libglib2.0-0', 'OpenCV'),
}


def python_series():
    """The apt name of this Python: python3.11, or python3 for one that is not Debian's."""
    return 'python{}.{}'.format(*sys.version_info[:2])


def missing():
    """(package, what it is for) of everything that is not there."""
    for tool, package in (('gcc', 'gcc'), ('g++', 'g++')):
        if not shutil.which(tool):
            yield package, 'compiles the ROS messages (their type support is C and C++)'
    try:
        import ensurepip  # noqa: F401  Debian splits it off, and venv needs it
        import venv  # noqa: F401
    except ImportError:
        yield python_series() + '-venv', 'makes the virtual environment'
    if not os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')):
        yield python_series() + '-dev', 'Python.h, for the ROS messages'
    for library, (package, user) in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            yield package, f'{library}, loaded by {user}'


def choose_python():
    """Goes on with a Python that the dependencies have wheels for, where this one is another."""
    if sys.version_info[:2] in SUPPORTED:
        return
    for series in reversed(SUPPORTED):
        python = shutil.which('python{}.{}'.format(*series))
        if python:
            os.execv(python, [python] + sys.argv)
    sys.exit(
        'Python 3.10, 3.11 or 3.12 is needed (MediaPipe 0.10.21 has no wheel for others); this is '
        '{}.{}, and no python3.12, python3.11 or python3.10 is on PATH. Install one and name it: '
        'make PYTHON=/path/to/python3.12'.format(*sys.version_info[:2])
    )


def report(as_apt):
    """Prints what is missing; returns whether anything is."""
    wanted = list(missing())
    names = ' '.join(package for package, _ in wanted)
    if as_apt:
        print(names)
    elif wanted:
        sys.stderr.write('Missing system packages:\n')
        for package, purpose in wanted:
            sys.stderr.write(f'  {package:<18} {purpose}\n')
        sys.stderr.write(f'Install them:\n  sudo apt-get install -y {names}\n')
    return bool(wanted)


if __name__ == '__main__':
    choose_python()
    sys.exit(report(as_apt='--apt' in sys.argv))
