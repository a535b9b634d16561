"""Shows the models real people's clips as other cameras might, and writes the table of the card.

    .venv/bin/python scripts/vary_clips.py [DATA]

The swipes of truth.csv are few, and thresholds were chosen on them. A little darker, farther away
or in a mirror they are the same swipes, but neither the tracker nor the model sees them quite as
before: what is found on the average says more than what is found once. Beside the live model, which
has to say when there is a gesture, shrec17_camera names each swipe, cut out at its stroke. DATA
holds video/ with truth.csv; by default shared/data beside the checkout. It takes ten minutes on two
cores.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from evaluate_clips import CARD, FOREIGN, MOTIONS, ROOT
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation.events import Interval, may_explain
from sign_recognition.evaluation.replay import detect, gestures
from sign_recognition.evaluation.truth import read_truth
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.parallel import Workers
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sequence import clip_window
from sign_recognition.sources.base import Capture, Image
from sign_recognition.sources.files import VideoFile
from sign_recognition.vocabulary import MIRRORED
from tables import put_tables

SIZE_PX = (640, 480)
# Before and after a stroke, where it is cut out.
CUT_S = 0.15


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
class Found:
    """What was told of the clips under one change.

    Attributes:
        swipes: that the live model found.
        named: swipes that the model of clips named rightly when it was shown the stroke alone.
        zooms: events of the live model at them.
        foreign: its events where nothing was performed.
    """

    swipes: int
    named: int
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


@dataclass(frozen=True)
class Shown:
    """What each process holds."""

    video: Path
    strokes: Mapping[str, tuple[Interval, ...]]
    live: OnnxClassifier
    clips: OnnxClassifier

    @classmethod
    def of(cls, video: Path) -> Shown:
        """The clips, their truth, and the shipped models."""
        strokes = read_truth(video / 'truth.csv', MOTIONS).clips
        live, clips = (OnnxClassifier(model_file(name)) for name in ('', 'shrec17_camera'))
        return cls(video, strokes, live, clips)


def show(wanted: tuple[str, bool], shown: Shown) -> Found:
    """All clips under one change, with the live graph's defaults."""
    change, mirrored = wanted
    swipes = named = zooms = 0
    for clip, strokes in shown.strokes.items():
        frames = tracked(shown.video / clip, change, mirrored)
        events = told(frames, shown.live)
        for stroke in strokes:
            near = [each.label for each in events if may_explain(stroke, each.start_s)]
            label = MIRRORED.get(stroke.label, stroke.label) if mirrored else stroke.label
            if label.startswith('Swipe'):
                swipes += label in near
                named += label == name_of(stroke, frames, shown.clips)
            elif label.startswith('two-hands'):
                zooms += len(near)
    paths = [path for name in FOREIGN for path in sorted((shown.video / name).glob('*.mp4'))]
    foreign = sum(len(told(tracked(path, change, mirrored), shown.live)) for path in paths)
    return Found(swipes, named, zooms, foreign)


def tracked(path: Path, change: str, mirrored: bool) -> list[LandmarkFrame]:
    """What MediaPipe makes of a changed clip."""
    detector = make_detector(DetectorConfig())
    try:
        return [*detect(Changed(path, change, mirrored), detector)]
    finally:
        detector.close()


def told(frames: Sequence[LandmarkFrame], model: OnnxClassifier) -> list[Interval]:
    """The events of the live model."""
    return gestures(map(Recognizer(model).step, frames))


def name_of(stroke: Interval, frames: Sequence[LandmarkFrame], model: OnnxClassifier) -> str:
    """What the model of clips calls a stroke that is cut out for it."""
    times_s = np.array([frame.stamp_ns / 1e9 for frame in frames])
    inside = (times_s >= stroke.start_s - CUT_S) & (times_s <= stroke.end_s + CUT_S)
    points = np.array([frame.points for frame in frames])[inside]
    contract = model.contract
    span = (contract.clip_fit, contract.window_frames, contract.rate_hz)
    return contract.labels[int(model(clip_window(points, times_s[inside], *span)).argmax())]


def tables(found: dict[tuple[str, bool], Found]) -> Iterator[str]:
    """The lines of the table."""
    yield from ('| the clips | swipes found | cut out, named | at zooms | foreign |',
                '|---|---|---|---|---|')  # fmt: skip
    for change in CHANGES:
        pairs = zip(*(astuple(found[change, mirrored]) for mirrored in (False, True)), strict=True)
        yield f'| {change} | {" | ".join(f"{plain}, {twin}" for plain, twin in pairs)} |'
    means = np.mean([astuple(each) for each in found.values()], axis=0)
    yield f'| **mean** | {" | ".join(f"**{mean:.1f}**" for mean in means)} |'


def main() -> None:
    """Show the clips, and put the table into the card."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / 'shared' / 'data'
    wanted = [(change, mirrored) for change in CHANGES for mirrored in (False, True)]
    with Workers(Shown.of, data / 'video') as workers:
        shown = track(workers.map(show, wanted), 'changes', len(wanted))
        found = dict(zip(wanted, shown, strict=True))
    put_tables(CARD, 'changes', tables(found))


if __name__ == '__main__':
    main()
