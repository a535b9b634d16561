#!/usr/bin/env bash
# Builds the package with colcon, plain and with --symlink-install, and looks at what was installed.
# Expects an activated environment with ROS 2 (wheels or apt). Works in build/colcon*.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

look() {  # in the built workspace: do the messages load, and is each node a program?
  cd /  # not in the checkout, whose sign_recognition/ would be imported
  python3 - "$1" <<'PYTHON'
import os
import sys
from pathlib import Path

import sign_recognition
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo

here = Path(sys.argv[1])
source = here.parents[3]
assert here in Path(sign_recognition.__file__).parents, sign_recognition.__file__
assert Landmarks(points=[0.0] * 225).points[224] == 0.0 and Gesture and GestureScores and ModelInfo

share = here / 'share' / 'sign_recognition'
for folder in (source / 'launch', source / 'config', source / 'resource' / 'models'):
    for file in folder.iterdir():
        assert (share / folder.name / file.name).exists() or '__pycache__' in file.name, file
nodes = {path.stem for path in (source / 'sign_recognition' / 'nodes').glob('*_node.py')}
programs = {path.name for path in (here / 'lib' / 'sign_recognition').iterdir()}
assert programs == nodes, programs ^ nodes
for program in [*(here / 'lib' / 'sign_recognition').iterdir(), here / 'bin' / 'sign-recognition']:
    assert os.access(program, os.X_OK), program
linked = Path(sign_recognition.__file__).is_symlink()
assert linked == ('symlink' in here.parts[-3]), 'edits take effect at once only through a link'
print(f'{here.parts[-3]}: messages load, programs: {" ".join(sorted(programs))}')
PYTHON
}

build() {  # $1: folder under build/; the rest goes to colcon
  local base="$PWD/build/$1"
  shift
  rm -rf "$base/install"  # or a node that is gone would still be there
  colcon --log-base "$base/log" build --base-paths . --build-base "$base/build" \
    --install-base "$base/install" --event-handlers console_direct- "$@" \
    > "$base.log" 2>&1 || { cat "$base.log"; return 1; }
  # shellcheck disable=SC1091
  (set +u; . "$base/install/setup.bash"; set -u; look "$base/install/sign_recognition")
}

mkdir -p build
build colcon
build colcon-symlink --symlink-install
