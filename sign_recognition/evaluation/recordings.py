"""What can be evaluated: bags with landmarks or images, and video files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2

from sign_recognition.bags import messages
from sign_recognition.bags.encoding import gesture_record, landmark_record
from sign_recognition.bags.reader import Bag, BagError, Record, is_bag, open_bag
from sign_recognition.bags.topics import (
    TRUTHS,
    image_topic,
    landmarks_topic,
    truth_topic,
)
from sign_recognition.bags.writer import BagWriter
from sign_recognition.decision import NONE_LABEL, EventKind, GestureEvent
from sign_recognition.detector import Detector
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.replay import detect
from sign_recognition.landmarks import LandmarkFrame
from sign_recognition.pixels import ConversionError, PixelArray, parse_stamp
from sign_recognition.sources.files import VIDEO_SUFFIXES, VideoFile
from sign_recognition.stream_statistics import Percentiles

# The live graph's images: larger videos are scaled down to it, as the camera node does.
_SIZE_PX = (640, 480)
# What tells how old an image is at which stage.
_STAGES = {
    messages.LANDMARKS: 'landmarks',
    'sign_recognition/msg/GestureScores': 'recognition',
    'geometry_msgs/msg/TwistStamped': 'camera_to_command',
}
# Ages beyond this are no latencies: the recorder's clock was not that of the stamps.
_OLDEST_S = 10.0
# Images may overtake each other by a little; a loop goes back by more.
_OVERTAKE_NS = 1_000_000_000

Tick = Callable[[], None]
MakeDetector = Callable[[], Detector]


class RecordingError(OSError):
    """A recording cannot be evaluated; the message names it and says why."""


@dataclass(frozen=True)
class Recorded:
    """A recording in memory.

    Attributes:
        frames: the landmarks of every image, in the order in which they came.
        truth: what was performed, in order of time, seconds since the first image; None: the
            recording does not say.
        latency_ms: ages of the images at each stage of the graph that was recorded with them.
        complete: False where the end of the recording is missing.
    """

    frames: Sequence[LandmarkFrame]
    truth: tuple[Interval, ...] | None = None
    latency_ms: Mapping[str, Percentiles] = field(default_factory=dict)
    complete: bool = True

    @property
    def duration_s(self) -> float:
        """From the first image to the last."""
        return (max(f.stamp_ns for f in self.frames) - self.frames[0].stamp_ns) / 1e9

    def hand_seen(self, span: Interval) -> float:
        """In which share of the images of a time a hand was seen, 0 to 1; NaN without image."""
        origin_ns = self.frames[0].stamp_ns
        seen = [
            each.hands_seen > 0
            for each in self.frames
            if span.start_s <= (each.stamp_ns - origin_ns) / 1e9 <= span.end_s
        ]
        return sum(seen) / len(seen) if seen else float('nan')


class Viewable(Protocol):
    """What was evaluated, as a report shows it.

    Attributes:
        name: short, the same wherever its folder lies.
    """

    name: str

    def pictures(self, stamps_ns: Collection[int]) -> dict[int, PixelArray]:
        """(H, W, 3) uint8 BGR, the images of these stamps, as many as it has."""


class Recording(Viewable, Protocol):
    """One recording on disk.

    Attributes:
        path: of the file or folder.
    """

    path: Path

    def load(self, make_detector: MakeDetector, tick: Tick) -> Recorded:
        """Read it all.

        Args:
            make_detector: gives a fresh detector, where there are images alone.
            tick: called for each image.

        Raises:
            OSError: it cannot be read, or holds nothing to evaluate; names it.
        """


class VideoRecording:
    """A video file; its first image has the stamp 0."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    def load(self, make_detector: MakeDetector, tick: Tick) -> Recorded:
        source, detector = VideoFile(self.path, _SIZE_PX), make_detector()
        try:
            return Recorded(list(_ticking(detect(source, detector), tick)))
        finally:
            source.close()
            detector.close()

    def pictures(self, stamps_ns: Collection[int]) -> dict[int, PixelArray]:
        source = VideoFile(self.path, _SIZE_PX)
        found: dict[int, PixelArray] = {}
        while len(found) < len(set(stamps_ns)) and (capture := source.read()) is not None:
            if round(capture.time_s * 1e9) in stamps_ns:
                found[round(capture.time_s * 1e9)] = capture.image_bgr
        source.close()
        return found


class BagRecording:
    """A bag: its landmarks, or where it holds none, its images.

    Args:
        path: of the bag.
        name: short.
        topic: whose landmarks or images; empty: of the only such topic.
    """

    def __init__(self, path: Path, name: str, topic: str = '') -> None:
        self.path = path
        self.name = name
        self._topic = topic

    def load(self, make_detector: MakeDetector, tick: Tick) -> Recorded:
        with open_bag(self.path) as bag:
            frames = list(_ticking(self._frames(bag, make_detector), tick))
            if not frames:
                raise BagError(f'{self.path}: no landmarks and no images in it')
            self._check_order(frames)
            truth = self._truth(bag, frames[0].stamp_ns)
            return Recorded(frames, truth, _latency(bag, frames), bag.complete)

    def pictures(self, stamps_ns: Collection[int]) -> dict[int, PixelArray]:
        found: dict[int, PixelArray] = {}
        with open_bag(self.path) as bag, suppress(BagError, ConversionError):
            # Of several cameras none is known to be the one, and of depth there is no picture.
            topic = image_topic(bag.topics, self._topic if self._of_images(bag) else '')
            for record in bag.records([topic]):
                stamp_ns = parse_stamp(record.data) or record.log_ns
                if stamp_ns in stamps_ns and stamp_ns not in found:
                    image_rgb, _, _ = messages.image_rgb(record)
                    found[stamp_ns] = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
        return found

    def _of_images(self, bag: Bag) -> bool:
        return bag.topics.get(self._topic) in messages.IMAGE_TYPES

    def _frames(self, bag: Bag, make_detector: MakeDetector) -> Iterator[LandmarkFrame]:
        topic = self._stream_topic(bag)
        try:
            if bag.topics[topic] == messages.LANDMARKS:
                for record in bag.records([topic]):
                    yield messages.landmark_frame(bag.decode(record))
            else:
                yield from _detected(bag, topic, make_detector())
        except ConversionError as error:
            raise BagError(f'{self.path}: {topic}: {error}') from error

    def _stream_topic(self, bag: Bag) -> str:
        """The topic to evaluate."""
        readable = (messages.LANDMARKS, *messages.IMAGE_TYPES)
        there = {t: k for t, k in bag.topics.items() if k in readable and _holds_any(bag, t)}
        if self._topic and self._topic not in there:
            raise BagError(
                f'{self.path}: topic {self._topic!r}, there are {[*there] or "none to evaluate"}'
            )
        try:
            found = self._topic or landmarks_topic(there) or image_topic(there)
        except BagError as error:
            raise BagError(f'{self.path}: {error}; name one by --topic') from error
        if not found:
            kinds = ', '.join(sorted(set(bag.topics.values()))) or 'nothing'
            raise BagError(f'{self.path}: neither landmarks nor images in it, only {kinds}')
        return found

    def _check_order(self, frames: Sequence[LandmarkFrame]) -> None:
        for before, after in zip(frames, frames[1:], strict=False):
            if after.stamp_ns < before.stamp_ns - _OVERTAKE_NS:
                at_s = (before.stamp_ns - frames[0].stamp_ns) / 1e9
                raise BagError(
                    f'{self.path}: stamps jump back after {at_s:.3f} s: '
                    'a loop was recorded, and each moment has several truths'
                )

    def _truth(self, bag: Bag, origin_ns: int) -> tuple[Interval, ...] | None:
        """What a person marked, else what the source told.

        A topic for marks without a mark says nothing: recorders have one in any case.
        """
        spoken = {
            t: k for t, k in bag.topics.items() if k == messages.GESTURE and _holds_any(bag, t)
        }
        of_source = {t: k for t, k in bag.topics.items() if f'/{t}'.endswith(f'/{TRUTHS[-1]}')}
        try:
            topic = truth_topic(spoken) or truth_topic(of_source)
            events = [messages.gesture_event(bag.decode(r)) for r in bag.records([topic])]
        except (ConversionError, BagError) as error:
            raise BagError(f'{self.path}: truth: {error}') from error
        intervals = [
            Interval(e.label, (e.start_ns - origin_ns) / 1e9, (e.stamp_ns - origin_ns) / 1e9)
            for e in events
            if e.kind is EventKind.END and e.label != NONE_LABEL
        ]
        return tuple(sorted(intervals, key=lambda each: each.start_s)) if topic else None


def write_landmarks(
    folder: Path, name: str, recorded: Recorded, truth: Sequence[Interval] | None
) -> Path:
    """Write the landmarks and the truth of a recording as a bag, to be evaluated in no time.

    Args:
        folder: where; the bag's name is the recording's without the suffix of a video.
        name: of the recording.
        recorded: what was in it.
        truth: what was performed; None: that is not known. Where nothing was performed, the bag
            says 'none' from beginning to end.

    Returns:
        The bag.

    Raises:
        BagError: the bag exists already or cannot be written.
    """
    path = _landmarks_path(folder, name)
    first_ns, duration_s = recorded.frames[0].stamp_ns, recorded.duration_s
    marks = [Interval(NONE_LABEL, 0.0, duration_s)] if truth is not None and not truth else truth
    records = [landmark_record(frame) for frame in recorded.frames]
    records += [gesture_record(_mark(each, first_ns)) for each in marks or ()]
    with BagWriter(path) as writer:
        for record in sorted(records, key=lambda each: each.log_ns):
            writer.write(record)
    return path


def check_unwritten(folder: Path, recordings: Iterable[Recording]) -> None:
    """Refuse, before anything long begins, what write_landmarks would refuse after it.

    Raises:
        BagError: a recording's bag exists already, or two recordings would be the same bag.
    """
    counts = Counter(_landmarks_path(folder, each.name) for each in recordings)
    for path, count in counts.items():
        if count > 1:
            raise BagError(f'{path}: {count} recordings would be this bag, allowed is one')
        if path.exists():
            raise BagError(f'{path}: exists already')


def _landmarks_path(folder: Path, name: str) -> Path:
    relative = Path(name)
    return folder / (relative.with_suffix('') if _is_video(relative) else relative)


def _mark(known: Interval, origin_ns: int) -> GestureEvent:
    """A known gesture as the label topic has it."""
    start_ns, end_ns = (origin_ns + round(s * 1e9) for s in (known.start_s, known.end_s))
    return GestureEvent(EventKind.END, known.label, 1.0, start_ns, end_ns)


def find_recordings(paths: Iterable[Path], topic: str = '') -> list[Recording]:
    """The recordings that a user names.

    Args:
        paths: bags, video files, and folders that hold such at any depth.
        topic: of the bags, see BagRecording.

    Raises:
        RecordingError: a path is no recording, a folder holds none, or two have one name.
    """
    found: list[Recording] = []
    for path in paths:
        named = list(_named(path))
        if not named:
            raise RecordingError(f'{path}: holds neither a bag nor a video {VIDEO_SUFFIXES}')
        for each, name in named:
            bag = is_bag(each)
            found.append(BagRecording(each, name, topic) if bag else VideoRecording(each, name))
    counts = Counter(each.name for each in found)
    twice = [each for each in found if counts[each.name] > 1]
    if twice:
        raise RecordingError(
            f'{twice[0].path} and {twice[1].path} are both called {twice[0].name}: '
            'name a folder above them'
        )
    return found


def _named(path: Path) -> Iterator[tuple[Path, str]]:
    """Each recording at a path, in order, with its name."""
    if not path.exists():
        raise RecordingError(f'{path}: no such recording')
    if is_bag(path) or not path.is_dir():
        if not is_bag(path) and not _is_video(path):
            raise RecordingError(f'{path}: neither a bag nor a video {VIDEO_SUFFIXES}')
        yield path, path.resolve().name
        return
    for each in _recordings_below(path):
        yield each, (Path(path.resolve().name) / each.relative_to(path)).as_posix()


def _recordings_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith('.'):
            continue
        if is_bag(path) or (path.is_file() and _is_video(path)):
            yield path
        elif path.is_dir():
            yield from _recordings_below(path)


def _detected(bag: Bag, topic: str, detector: Detector) -> Iterator[LandmarkFrame]:
    """The landmarks of the images of a topic."""
    try:
        for record in bag.records([topic]):
            image_rgb, stamp_ns, _ = messages.image_rgb(record)
            # Some drivers leave the stamp empty.
            yield detector.detect(image_rgb, stamp_ns or record.log_ns)
    finally:
        detector.close()


def _latency(bag: Bag, frames: Sequence[LandmarkFrame]) -> dict[str, Percentiles]:
    """How old each image was when each stage's first output for it was recorded."""
    stages = {t: _STAGES[kind] for t, kind in bag.topics.items() if kind in _STAGES}
    images = {frame.stamp_ns for frame in frames}
    ages_s: dict[str, dict[int, float]] = {stage: {} for stage in _STAGES.values()}
    for record in bag.records([*stages]) if stages else ():
        stamp_ns = parse_stamp(record.data)
        if stamp_ns in images:
            ages_s[stages[record.topic]].setdefault(stamp_ns, _age_s(record, stamp_ns))
    return {
        stage: Percentiles.of_seconds(list(ages.values()))
        for stage, ages in ages_s.items()
        if ages and all(0 <= age <= _OLDEST_S for age in ages.values())
    }


def _age_s(record: Record, stamp_ns: int) -> float:
    return (record.log_ns - stamp_ns) / 1e9


def _holds_any(bag: Bag, topic: str) -> bool:
    return next(iter(bag.records([topic])), None) is not None


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def _ticking(frames: Iterable[LandmarkFrame], tick: Tick) -> Iterator[LandmarkFrame]:
    for frame in frames:
        yield frame
        tick()
