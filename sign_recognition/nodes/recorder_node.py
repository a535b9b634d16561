"""Records topics to a bag, serialized as they come: landmarks and what is small, images on request.

Labels: whoever publishes on `label` says what was performed. The service ~/mark does it for the
label that the parameter of that name holds: true begins it, false ends it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.duration import Duration
from rclpy.exceptions import InvalidTopicNameException
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.validate_topic_name import validate_topic_name
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import SetBool

from sign_recognition.bags.definitions import installed_definition
from sign_recognition.bags.storage import BagError, Record
from sign_recognition.bags.writer import STORAGES, BagWriter
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.nodes import qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.label_publisher import LabelPublisher
from sign_recognition.nodes.parameters import ParameterError, declare, parameter
from sign_recognition.nodes.runner import EXIT_START_FAILED, PipelineNode, run
from sign_recognition.stream_statistics import StreamStatistics

# Topics whose type is known are subscribed to before anybody publishes: nothing is missed.
_SMALL_TOPICS = {
    'landmarks': (Landmarks, qos.LANDMARKS),
    'gesture_scores': (GestureScores, qos.SCORES),
    'gesture': (Gesture, qos.EVENTS),
    'label': (Gesture, qos.EVENTS),
    'camera_node/truth': (Gesture, qos.EVENTS),
    'model_info': (ModelInfo, qos.LATCHED),
    '/diagnostics': (DiagnosticArray, qos.EVENTS),
}
_IMAGES = 'image_raw/compressed'
# Twist or TwistStamped: known when somebody publishes.
_COMMANDS = 'cmd_vel'
# Deep enough for a disk that is busy for a moment.
_DEPTH = 200
_TICK_S = 0.25
_FLUSH_S = 0.5
_TELL_S = 10.0
# Messages that have arrived when the end comes are still recorded, at most so many.
_LAST_MESSAGES = 100


@dataclass(frozen=True)
class RecorderParameters:
    """What is recorded, and how."""

    out: str = parameter('', 'Folder of the bag, which must not exist yet')
    storage: str = parameter('mcap', 'Storage of the bag; mcap is compressed', choices=STORAGES)
    split_mb: int = parameter(
        0, 'A new file begins when one has this size, MB; 0: never', low=0, high=1_000_000
    )
    images: bool = parameter(False, 'Record image_raw/compressed, too')
    topics: str = parameter('', 'More topics, with commas between them')
    duration_s: float = parameter(
        0.0, 'End so long after the first landmarks or image, s; 0: never', low=0.0, high=1e6
    )
    label: str = parameter('', 'What the service ~/mark marks', dynamic=True)


class RecorderNode(PipelineNode):
    """A BagWriter on topics."""

    def __init__(self) -> None:
        super().__init__('recorder_node')
        given = self._given = declare(self, RecorderParameters, self._on_parameters)
        if not given.out:
            raise ParameterError("parameter out: '', allowed is the path of a new folder")
        more = self._more_topics()
        self._wanted = {self.resolve_topic_name(_COMMANDS), *more}
        images = {self.resolve_topic_name(_IMAGES)} if given.images else set()
        self._asked_for = more | images
        self._writer = BagWriter(
            Path(given.out).expanduser(), given.storage, given.split_mb * 1_000_000
        )
        self._recorded: set[str] = set()
        self._labels = LabelPublisher(self)
        self._statistics = StreamStatistics()
        self._began_s: float | None = None
        self._flush_at_s = self._tell_at_s = 0.0
        self._beginnings = {self.resolve_topic_name(each) for each in ('landmarks', _IMAGES)} | more
        for topic, (kind, profile) in _SMALL_TOPICS.items():
            self._subscribe(self.resolve_topic_name(topic), kind, profile)
        for topic in images:
            self._subscribe(topic, CompressedImage, qos.IMAGE)
        self.create_service(SetBool, '~/mark', self._on_mark)
        self._timer = self.create_timer(_TICK_S, self._on_timer)
        self._reporter = DiagnosticsReporter(
            self, self._statistics, lambda: {'bag': given.out, 'running': self._labels.running}
        )
        what = 'with images' if given.images else 'without images'
        self.get_logger().info(f'recording to {given.out}, {what}')

    def finish(self) -> None:
        """Record what has arrived, and make the bag whole."""
        executor = self.executor
        if executor is not None:
            for _ in range(_LAST_MESSAGES):
                executor.spin_once(timeout_sec=0.0)
        for label in self._labels.running:
            self.get_logger().warning(f'label {label} has not ended, it is not in the bag')
        with self._refused_in_one_line():
            self._writer.close()
        self._tell_what_is_missing()
        self.get_logger().info(f'{self._given.out}: {self._writer.message_count} messages')

    def _tell_what_is_missing(self) -> None:
        if not self._recorded - {'/diagnostics'}:
            self.get_logger().warning('nothing was recorded: is a graph running in this domain?')
        for topic in sorted(self._asked_for - self._recorded):
            self.get_logger().warning(f'{topic}: nothing came, it is not in the bag')

    def _more_topics(self) -> set[str]:
        names = [each.strip() for each in self._given.topics.split(',') if each.strip()]
        try:
            for name in names:
                validate_topic_name(name)
        except InvalidTopicNameException as error:
            reason = str(error).splitlines()[0]
            raise ParameterError(f'parameter topics: {name!r}, {reason}') from error
        return {self.resolve_topic_name(name) for name in names}

    def _subscribe(self, topic: str, kind: Any, profile: QoSProfile) -> None:
        msgtype = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'
        deep = QoSProfile(
            depth=_DEPTH, reliability=profile.reliability, durability=profile.durability
        )
        callback = functools.partial(self._on_message, topic, msgtype)
        self.create_subscription(kind, topic, callback, deep, raw=True)

    def _on_message(self, topic: str, msgtype: str, serialized: bytes) -> None:
        if self._writer.closed:
            return
        now_ns, arrived_s = self.get_clock().now().nanoseconds, time.monotonic()
        with self._refused_in_one_line():
            if topic not in self._recorded:
                self._writer.add_topic(topic, msgtype, qos=self._offered_qos(topic))
                self._recorded.add(topic)
            self._writer.write(Record(topic, msgtype, now_ns, serialized))
        if self._began_s is None and topic in self._beginnings:
            self._began_s = arrived_s
        self._statistics.add(time.monotonic(), 0.0, time.monotonic() - arrived_s)

    def _on_timer(self) -> None:
        now_s = time.monotonic()
        self._subscribe_to_newcomers()
        if now_s >= self._flush_at_s and not self._writer.closed:
            self._flush_at_s = now_s + _FLUSH_S
            with self._refused_in_one_line():
                self._writer.flush()
        if now_s >= self._tell_at_s:
            self._tell_at_s = now_s + _TELL_S
            self.get_logger().info(f'{self._writer.message_count} messages recorded')
        duration_s = self._given.duration_s
        if duration_s and self._began_s is not None and now_s - self._began_s >= duration_s:
            self.done.set()

    def _subscribe_to_newcomers(self) -> None:
        """Subscribe to wanted topics whose type was not known until somebody published."""
        if not self._wanted:
            return
        for topic, types in self.get_topic_names_and_types():
            publishers = self.get_publishers_info_by_topic(topic) if topic in self._wanted else []
            if not publishers:
                continue
            self._wanted.remove(topic)
            kind = _message_class(types[0])
            if kind is None:
                self._asked_for.discard(topic)
                self.get_logger().error(f'{topic}: {types[0]} is not installed, not recorded')
                continue
            self._subscribe(topic, kind, _heard_by_all(p.qos_profile for p in publishers))

    def _on_mark(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        mark = self._labels.begin if request.data else self._labels.end
        try:
            response.message, response.success = mark(self._given.label), True
        except ValueError as error:
            response.message, response.success = str(error), False
        return response

    def _on_parameters(self, changed: RecorderParameters) -> None:
        self._given = changed

    def _offered_qos(self, topic: str) -> list[dict[str, Any]]:
        return [_qos_fields(p.qos_profile) for p in self.get_publishers_info_by_topic(topic)]

    @contextlib.contextmanager
    def _refused_in_one_line(self) -> Iterator[None]:
        """End where the bag can take no more; a new start could not go on with it."""
        try:
            yield
        except BagError as error:
            self.get_logger().fatal(str(error))
            self.exit_code = EXIT_START_FAILED
            self.done.set()


def _message_class(msgtype: str) -> Any:
    """The class of a message type such as 'sensor_msgs/msg/Image'.

    None: it is not installed, or the text of its definition, which a bag holds, is not.
    """
    package, _, name = msgtype.partition('/msg/')
    try:
        installed_definition(msgtype)
        return getattr(importlib.import_module(f'{package}.msg'), name)
    except (ImportError, AttributeError, BagError):
        return None


def _heard_by_all(offered: Iterator[QoSProfile]) -> QoSProfile:
    """A subscription's profile that suits every publisher."""
    profiles = list(offered)
    reliable = all(each.reliability == ReliabilityPolicy.RELIABLE for each in profiles)
    latched = all(each.durability == DurabilityPolicy.TRANSIENT_LOCAL for each in profiles)
    return QoSProfile(
        depth=_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=(DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE),
    )


def _qos_fields(profile: QoSProfile) -> dict[str, Any]:
    """A profile with the names that rosbag2 gives to its fields and values."""
    return {
        'history': profile.history.name.lower(),
        'depth': profile.depth,
        'reliability': profile.reliability.name.lower(),
        'durability': profile.durability.name.lower(),
        'deadline': _duration_fields(profile.deadline),
        'lifespan': _duration_fields(profile.lifespan),
        'liveliness': profile.liveliness.name.lower(),
        'liveliness_lease_duration': _duration_fields(profile.liveliness_lease_duration),
        'avoid_ros_namespace_conventions': profile.avoid_ros_namespace_conventions,
    }


def _duration_fields(duration: Duration) -> dict[str, int]:
    return {
        'sec': duration.nanoseconds // 1_000_000_000,
        'nsec': duration.nanoseconds % 1_000_000_000,
    }


def main() -> None:
    """Run the node program."""
    run(RecorderNode)


if __name__ == '__main__':
    main()
