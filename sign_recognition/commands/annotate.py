"""`sign-recognition annotate`: a recording with what was recognised drawn on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sign_recognition.commands.errors import check_folders, one_error
from sign_recognition.commands.options import Gestures, ImageTopic, Mirrored, Model, Solution
from sign_recognition.graph import AUTO, solution_for

if TYPE_CHECKING:
    from rich.progress import Progress

    from sign_recognition.annotation import Annotator
    from sign_recognition.drawing import Image
    from sign_recognition.sources.base import Source

_VIDEO_SUFFIX = '.mp4'
_LARGEST_PX = (1920, 1080)
_SIGNER_SIZE_PX = (640, 480)
# Of the signer, and of pictures, which have no times.
_RATE_HZ = 30.0


def annotate(
    video: Annotated[
        str,
        typer.Argument(
            help="Video file, bag with images, folder of pictures, or 'signer' (rendered)."
        ),
    ],
    out: Annotated[Path, typer.Argument(dir_okay=False, help='Video to write (.mp4).')],
    duration: Annotated[
        float | None, typer.Option(min=0.1, help='Only so many seconds from the beginning.')
    ] = None,
    image_topic: ImageTopic = '',
    mirrored: Mirrored = True,
    solution: Solution = AUTO,
    model: Model = '',
    gestures: Gestures = '',
) -> None:
    """Draw landmarks, scores, gestures and commands on a recording."""
    from rich.console import Console
    from rich.progress import Progress

    from sign_recognition.annotation import VideoWriter, at_steady_rate
    from sign_recognition.native_output import native_errors_hidden

    with one_error():
        _check(video, out, duration)
        source = _open(video, mirrored, image_topic)
        with native_errors_hidden() as stderr:
            annotator = _make_annotator(mirrored, solution, model, gestures)
            with (
                Progress(console=Console(file=stderr), transient=True) as progress,
                VideoWriter(out, source.rate_hz) as writer,
            ):
                drawn = _draw(source, annotator, duration, progress)
                for image_bgr in at_steady_rate(drawn, source.rate_hz):
                    writer.write(image_bgr)


def _check(video: str, out: Path, duration: float | None) -> None:
    """Refuse what cannot work before anything is loaded.

    Raises:
        ValueError: an argument is wrong; names it.
        FileNotFoundError: there is no folder for the video.
    """
    from sign_recognition.sources.opening import SIGNER

    if out.suffix.lower() != _VIDEO_SUFFIX:
        raise ValueError(f'out: {out}, allowed is a name that ends in {_VIDEO_SUFFIX}')
    if out.resolve() == Path(video).expanduser().resolve():
        raise ValueError(f'out: {out} is the recording itself, allowed is another name')
    check_folders(out=out)
    if video == SIGNER and duration is None:
        raise ValueError(f'{SIGNER} performs without end: --duration says how long')


def _make_annotator(mirrored: bool, solution: str, model: str, gestures: str) -> Annotator:
    """The same parts as in the live graph, with its defaults."""
    from sign_recognition.annotation import Annotator
    from sign_recognition.classifier import OnnxClassifier
    from sign_recognition.detector import DetectorConfig, make_detector
    from sign_recognition.motion import MotionController, MotionLimits, load_gesture_table
    from sign_recognition.recognizer import Recognizer
    from sign_recognition.resources import config_file, model_file

    table = load_gesture_table(gestures or config_file('gestures.yaml'))
    recognizer = Recognizer(OnnxClassifier(model_file(model)))
    config = DetectorConfig(solution_for(solution, [model]), mirrored)
    return Annotator(make_detector(config), recognizer, MotionController(table, MotionLimits()))


def _open(video: str, mirrored: bool, image_topic: str) -> Source:
    """The recording that a user names; images larger than full HD are scaled down to that.

    Raises:
        SourceError: it cannot be read.
    """
    from sign_recognition.bags.reader import is_bag
    from sign_recognition.sources.bag import BagImages
    from sign_recognition.sources.files import ImageFolder, VideoFile
    from sign_recognition.sources.opening import SIGNER
    from sign_recognition.sources.rendered import RenderedCamera

    if video == SIGNER:
        return RenderedCamera(_SIGNER_SIZE_PX, _RATE_HZ, mirrored, seed=0)
    path = Path(video).expanduser()
    if is_bag(path):
        return BagImages(path, _LARGEST_PX, image_topic)
    return (
        ImageFolder(path, _LARGEST_PX, _RATE_HZ) if path.is_dir() else VideoFile(path, _LARGEST_PX)
    )


def _draw(
    source: Source, annotator: Annotator, duration: float | None, progress: Progress
) -> Iterator[tuple[float, Image]]:
    """Time and drawn image of each image of the recording."""
    ends_s = min((s for s in (duration, source.length_s) if s is not None), default=None)
    task = progress.add_task('annotate', total=ends_s)
    while (capture := source.read()) is not None:
        if duration is not None and capture.time_s >= duration:
            break
        yield capture.time_s, annotator.draw(capture)
        progress.update(task, completed=capture.time_s)
    source.close()
    progress.update(task, completed=ends_s)
