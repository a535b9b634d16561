"""What was seen of the live graph: the state that the view shows and the report sums up."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sign_recognition.atomic import write_whole
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.evaluation.events import Interval, match_events
from sign_recognition.motion import AXES, Velocity
from sign_recognition.stream_statistics import Percentiles, StreamStatistics

# More than are ever on their way at once.
_REMEMBERED_IMAGES = 100

# The nodes that a graph may begin with.
SOURCES = ('camera_node', 'replay_node')
STAGES = ('landmarks', 'recognition', 'camera_to_command')

# Ages are counted in steps of this, s, and no further than that, s: a session may last for days.
_AGE_STEP_S = 1e-4
_LONGEST_AGE_S = 60.0


@dataclass
class SeenEvent:
    """A gesture as it was heard, from START to END.

    Attributes:
        label: of the gesture.
        start_ns: acquisition time of the image at which it started.
        stamp_ns: acquisition time of the image whose step announced it.
        end_ns: acquisition time of the newest image at which it lasted.
        score: the highest so far.
        ended: its END was heard.
    """

    label: str
    start_ns: int
    stamp_ns: int
    end_ns: int
    score: float
    ended: bool = False


@dataclass
class LiveRecord:
    """Fed by callbacks from one thread, read by another: `with record:` around what is read.

    Attributes:
        labels: of the model, once it has told.
        probabilities: of the newest step.
        hands_seen: in the newest image.
        velocity: of the newest command.
        nodes: newest diagnostics, by node.
        processes: by node, the ids of all processes that told of themselves under its name.
    """

    labels: tuple[str, ...] = ()
    probabilities: npt.NDArray[np.float32] | None = None
    hands_seen: int = 0
    velocity: Velocity = field(default_factory=lambda: np.zeros(len(AXES)))
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    processes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    events: list[SeenEvent] = field(default_factory=list)
    truth: list[GestureEvent] = field(default_factory=list)
    command_count: int = 0
    restarts: Counter[str] = field(default_factory=Counter)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._ages: dict[str, Counter[int]] = {stage: Counter() for stage in STAGES}
        self._recent = {stage: StreamStatistics() for stage in STAGES}
        self._last_stamp_ns = dict.fromkeys(STAGES, 0)
        self._images_ns: deque[int] = deque(maxlen=_REMEMBERED_IMAGES)
        self._step_count = 0
        self._first_step_s = self._last_step_s = 0.0
        self._stamps_ns: tuple[int, int] | None = None
        self._earlier_rounds_s = 0.0

    def __enter__(self) -> LiveRecord:
        """Hold the record still while it is read."""
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def on_stage(self, stage: str, stamp_ns: int, age_s: float, now_s: float) -> None:
        """An output of a stage was heard.

        Only the first output for an image counts: control repeats itself while it waits.

        Args:
            stage: one of STAGES.
            stamp_ns: acquisition time of its image.
            age_s: how long ago that was.
            now_s: monotonic time.
        """
        with self:
            if stamp_ns == self._last_stamp_ns[stage]:
                return
            if stage == STAGES[0]:
                self._images_ns.append(stamp_ns)
            elif stamp_ns not in self._images_ns:
                return  # a stop that was sent without an image
            self._last_stamp_ns[stage] = stamp_ns
            counted_s = max(-_LONGEST_AGE_S, min(age_s, _LONGEST_AGE_S))
            self._ages[stage][round(counted_s / _AGE_STEP_S)] += 1
            self._recent[stage].add(now_s, age_s, age_s)

    def on_scores(
        self, stamp_ns: int, probabilities: npt.NDArray[np.float32], hands_seen: int, now_s: float
    ) -> None:
        """One step of recognition was heard."""
        with self:
            self.probabilities, self.hands_seen = probabilities, hands_seen
            self._first_step_s = self._first_step_s if self._step_count else now_s
            self._last_step_s = now_s
            self._step_count += 1
            first_ns, last_ns = self._stamps_ns or (stamp_ns, stamp_ns)
            if stamp_ns < last_ns:  # a loop has begun again
                self._earlier_rounds_s += self._since(last_ns)
            self._stamps_ns = (first_ns, stamp_ns)

    def on_gesture(self, event: GestureEvent) -> SeenEvent | None:
        """A gesture event was heard; the gesture, where it is a new one."""
        with self:
            if event.kind is EventKind.START:
                seen = SeenEvent(
                    event.label, event.start_ns, event.stamp_ns, event.stamp_ns, event.score
                )
                self.events.append(seen)
                return seen
            if self.events and self.events[-1].label == event.label:
                seen = self.events[-1]
                seen.end_ns = event.stamp_ns
                seen.score = max(seen.score, event.score)
                seen.ended = event.kind is EventKind.END
            return None

    def on_truth(self, event: GestureEvent) -> None:
        """The source told what it has just shown."""
        with self:
            self.truth.append(event)

    def on_command(self, velocity: Velocity) -> None:
        """A command was heard."""
        with self:
            self.velocity = velocity
            self.command_count += 1

    def on_diagnostics(self, node: str, values: Mapping[str, str]) -> None:
        """A node told of itself."""
        with self:
            self.nodes[node] = dict(values)
            if 'pid' in values:
                self.processes[node].add(values['pid'])

    def current(self) -> SeenEvent | None:
        """The gesture that lasts now."""
        return self.events[-1] if self.events and not self.events[-1].ended else None

    def top(self, count: int) -> list[tuple[str, float]]:
        """The most probable labels of the newest step."""
        if self.probabilities is None or len(self.labels) != len(self.probabilities):
            return []
        order = np.argsort(-self.probabilities)[:count]
        return [(self.labels[i], float(self.probabilities[i])) for i in order]

    def recent(self, stage: str, now_s: float) -> tuple[float, Percentiles]:
        """Rate and age of a stage's output over the last seconds."""
        statistics = self._recent[stage]
        return statistics.rate_hz(now_s), statistics.input_age()

    def drops(self) -> dict[str, int]:
        """Images that were passed over, by node."""
        return {node: int(values.get('drops', 0)) for node, values in sorted(self.nodes.items())}

    def origin_ns(self) -> int:
        """Stamp of the first image: the zero of the report's times."""
        told = self._source().get('first_stamp_ns', '0')
        first_seen_ns = self._stamps_ns[0] if self._stamps_ns else 0
        return int(told) or first_seen_ns

    def report(self) -> dict[str, Any]:
        """Everything, for scripts; times in seconds since the first image."""
        with self:
            report: dict[str, Any] = {
                'rate_hz': self._mean_rate_hz(),
                'latency_ms': {stage: self._latency(stage) for stage in STAGES},
                'drops': sum(self.drops().values()),
                'drops_by_node': self.drops(),
                'restarts': dict(self.restarts),
                'origin_ns': self.origin_ns(),
                'duration_s': self._duration_s(),
                'events': [self._event_row(each) for each in self.events],
                'commands': {'count': self.command_count, 'last': self._velocity_row()},
            }
            source = self._source()
            if source.get('source', '').startswith('rendered') or source.get('truth') == 'True':
                report |= self._against_truth()
            return report

    def _source(self) -> dict[str, str]:
        """What the node tells that the images or landmarks come from."""
        return next((self.nodes[name] for name in SOURCES if name in self.nodes), {})

    def _against_truth(self) -> dict[str, Any]:
        truth = [
            Interval(e.label, self._since(e.start_ns), self._since(e.stamp_ns)) for e in self.truth
        ]
        announced = [
            Interval(e.label, self._since(e.stamp_ns), self._since(e.end_ns)) for e in self.events
        ]
        match = match_events(truth, announced)
        minutes = self._duration_s() / 60
        by_label: dict[str, dict[str, int]] = {}
        for stroke, hit in zip(truth, match.found, strict=True):
            row = by_label.setdefault(stroke.label, {'shown': 0, 'found': 0, 'false': 0})
            row['shown'] += 1
            row['found'] += hit is not None
        for index in match.false:
            label = announced[index].label
            by_label.setdefault(label, {'shown': 0, 'found': 0, 'false': 0})['false'] += 1
        return {
            'truth': [{'label': t.label, 'start': t.start_s, 'end': t.end_s} for t in truth],
            'recall': round(match.recall, 4),
            'false_per_minute': round(len(match.false) / minutes, 3) if minutes else 0.0,
            'by_label': by_label,
        }

    def _event_row(self, event: SeenEvent) -> dict[str, Any]:
        return {
            'label': event.label,
            'start': self._since(event.start_ns),
            'end': self._since(event.end_ns),
            'score': round(event.score, 4),
            'stamp': self._since(event.stamp_ns),
        }

    def _velocity_row(self) -> dict[str, float]:
        return {axis: float(v) for axis, v in zip(AXES, self.velocity, strict=True)}

    def _latency(self, stage: str) -> dict[str, float | None]:
        ages = self._ages[stage]
        if not ages:
            return {'p50': None, 'p95': None}
        steps = np.repeat([*ages], [*ages.values()])
        figures = Percentiles.of_seconds(steps * _AGE_STEP_S)
        return {'p50': figures.p50_ms, 'p95': figures.p95_ms}

    def _mean_rate_hz(self) -> float:
        lasted_s = self._last_step_s - self._first_step_s
        return round((self._step_count - 1) / lasted_s, 2) if self._step_count > 1 else 0.0

    def _duration_s(self) -> float:
        if self._stamps_ns is None:
            return 0.0
        return round(self._earlier_rounds_s + self._since(self._stamps_ns[1]), 3)

    def _since(self, stamp_ns: int) -> float:
        return round((stamp_ns - self.origin_ns()) / 1e9, 3)


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report as JSON, whole or not at all."""
    write_whole(path, json.dumps(report, indent=2) + '\n')
