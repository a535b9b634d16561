"""Shows the model real people's clips as other cameras might, and writes the table of its card.

    .venv/bin/python scripts/vary_clips.py [DATA]

The swipes of truth.csv are few, and thresholds were chosen on them. A little darker, farther away
or in a mirror they are the same swipes, but neither the tracker nor the model sees them quite as
before: what is found on the average says more than what is found once. DATA holds video/ with
truth.csv; by default shared/data beside the checkout. It takes a quarter of an hour on two cores.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import track

from evaluate_clips import CARD, FOREIGN, MOTIONS, ROOT
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation.events import LATEST_START_S
from sign_recognition.evaluation.replay import gestures, replay
from sign_recognition.parallel import Workers
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sources.base import Capture, Image
from sign_recognition.sources.files import VideoFile
from tables import put_tables

SIZE_PX = (640, 480)
SWIPES = ('left', 'right', 'up', 'down')
MIRRORED = {'left': 'right', 'right': 'left'}


def turned(image: Image, degrees: float = 0.0, size: float = 1.0) -> Image:
    """About the middle; the border is drawn out."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, size)
    drawn = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


CHANGES: dict[str, Callable[[Image], Image]] = {
    'as they are': lambda image: image,
    'cropped by 3 %': lambda image: image[image.shape[0] // 33 :, image.shape[1] // 33 :],
    'three quarters the size': lambda image: cv2.resize(
        image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA
    ),
    'brighter': lambda image: cv2.convertScaleAbs(image, alpha=1.15, beta=10),
    'darker': lambda image: cv2.convertScaleAbs(image, alpha=0.75),
    'turned by 4° to the left': lambda image: turned(image, 4),
    'turned by 4° to the right': lambda image: turned(image, -4),
    'farther away': lambda image: turned(image, size=0.88),
    'nearer': lambda image: turned(image, size=1.06),
}


@dataclass(frozen=True)
class Stroke:
    """A row of truth.csv."""

    motion: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Found:
    """What was told of the clips under one change."""

    swipes: int
    zooms: int
    foreign: int


class Changed(VideoFile):
    """A video whose images are changed, and perhaps mirrored."""

    def __init__(self, path: Path, change: str, mirrored: bool) -> None:
        super().__init__(path, SIZE_PX)
        self._change, self._mirrored = CHANGES[change], mirrored

    def read(self) -> Capture | None:
        capture = super().read()
        if capture is None:
            return None
        image = self._change(capture.image_bgr)
        image = np.ascontiguousarray(image[:, ::-1] if self._mirrored else image)
        return replace(capture, image_bgr=image)


def read_truth(video: Path) -> dict[str, list[Stroke]]:
    """The strokes of each clip."""
    strokes: dict[str, list[Stroke]] = {}
    with (video / 'truth.csv').open(encoding='utf-8') as file:
        for row in csv.DictReader(file):
            stroke = Stroke(row['image_motion'], float(row['start_s']), float(row['end_s']))
            strokes.setdefault(row['clip'], []).append(stroke)
    return strokes


def show(wanted: tuple[str, bool], shown: tuple[Path, OnnxClassifier]) -> Found:
    """All clips under one change, with the live graph's defaults."""
    (change, mirrored), (video, model) = wanted, shown

    def told(path: Path) -> list[Any]:
        detector = make_detector(DetectorConfig(model_complexity=0))
        try:
            source = Changed(path, change, mirrored)
            return gestures(replay(source, detector, Recognizer(model)))
        finally:
            detector.close()

    swipes = zooms = 0
    for clip, strokes in read_truth(video).items():
        events = told(video / clip)
        for stroke in strokes:
            latest_s = stroke.end_s + LATEST_START_S
            near = [each.label for each in events if stroke.start_s <= each.start_s <= latest_s]
            motion = MIRRORED.get(stroke.motion, stroke.motion) if mirrored else stroke.motion
            swipes += motion in SWIPES and MOTIONS[motion] in near
            zooms += len(near) if stroke.motion.startswith('two-hands') else 0
    foreign = sum(
        len(told(path)) for name in FOREIGN for path in sorted((video / name).glob('*.mp4'))
    )
    return Found(swipes, zooms, foreign)


def with_model(video: Path) -> tuple[Path, OnnxClassifier]:
    """What each process holds."""
    return video, OnnxClassifier(model_file(''))


def tables(found: dict[tuple[str, bool], Found]) -> Iterator[str]:
    """The lines of the table."""
    yield from ('| the clips | swipes | the same in a mirror | events at zooms | foreign |',
                '|---|---|---|---|---|')  # fmt: skip
    for change in CHANGES:
        plain, mirrored = found[change, False], found[change, True]
        yield (
            f'| {change} | {plain.swipes} | {mirrored.swipes} | {plain.zooms}, {mirrored.zooms} '
            f'| {plain.foreign}, {mirrored.foreign} |'
        )
    swipes, zooms, foreign = np.mean([(e.swipes, e.zooms, e.foreign) for e in found.values()], 0)
    yield f'| **mean** | **{swipes:.1f}** | | {zooms:.1f} | {foreign:.1f} |'


def main() -> None:
    """Show the clips, and put the table into the card."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / 'shared' / 'data'
    wanted = [(change, mirrored) for change in CHANGES for mirrored in (False, True)]
    with Workers(with_model, data / 'video') as workers:
        shown = track(workers.map(show, wanted), 'changes', len(wanted))
        found = dict(zip(wanted, shown, strict=True))
    put_tables(CARD, 'changes', tables(found))


if __name__ == '__main__':
    main()
