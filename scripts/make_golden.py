"""Makes the golden bags of the rendered signer, and what they come to with the shipped model.

    make golden

Run it when the model, the detector or the signer has changed on purpose, look at the difference,
and commit it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.progress import track

from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.recordings import Recorded, write_landmarks
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.native_output import native_errors_hidden
from sign_recognition.sources.signer import Signer

sys.path.append(str(Path(__file__).parents[1] / 'test'))
from golden_replay import GOLDEN, GOLDEN_FILE, through_cores  # noqa: E402 (path set above)

RATE_HZ = 25.0
REST_S = (2.0, 2.5)
# After the last gesture, so that its event comes and the robot is at rest again.
TAIL_S = 2.5
BEGINS_NS = 1_700_000_000 * 10**9


@dataclass(frozen=True)
class Scene:
    """Who performs what."""

    seed: int
    sequence: tuple[str, ...]
    mirrored: bool = True
    left_handed: bool = False


SCENES = {
    'moves': Scene(1, ('Swipe Up', 'Rotation CCW', 'Swipe Left')),
    'stop_and_rearm': Scene(4, ('Grab', 'Swipe Left', 'Expand', 'Swipe Left')),
    'left_hand_plain_image': Scene(3, ('Shake', 'Swipe X'), mirrored=False, left_handed=True),
}


def film(name: str, scene: Scene) -> tuple[list[LandmarkFrame], list[Interval]]:
    """The landmarks that MediaPipe finds in the scene, and what was performed."""
    signer = Signer(
        seed=scene.seed, sequence=scene.sequence, mirrored=scene.mirrored,
        left_handed=scene.left_handed, rest_s=REST_S,
    )  # fmt: skip
    script = signer.script(600.0)
    count = round((script[-1].end_s + TAIL_S) * RATE_HZ)
    detector = make_detector(DetectorConfig(mirrored=scene.mirrored))

    def frames() -> Iterator[LandmarkFrame]:
        for index in range(count):
            image_bgr = signer.render(index / RATE_HZ).image
            stamp_ns = BEGINS_NS + round(index / RATE_HZ * 1e9)
            yield detector.detect(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), stamp_ns)

    found = list(track(frames(), name, count))
    detector.close()
    return found, [Interval(each.label, each.start_s, each.end_s) for each in script]


def main() -> None:
    """Make everything anew."""
    golden = {}
    for name, scene in SCENES.items():
        with native_errors_hidden():
            frames, truth = film(name, scene)
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        path = write_landmarks(GOLDEN, name, Recorded(frames), truth)
        golden[name] = through_cores(path)
        print(name, [row[1:3] for row in golden[name]['events'] if row[1] == 'start'])
    rows = [f'"{name}": {json.dumps(each)}' for name, each in golden.items()]
    GOLDEN_FILE.write_text('{\n' + ',\n'.join(rows) + '\n}\n')


if __name__ == '__main__':
    main()
