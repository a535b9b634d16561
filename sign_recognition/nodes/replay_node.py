"""Plays a bag into the graph: its landmarks or images with their stamps, and its time as /clock."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.duration import Duration
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

from sign_recognition.bags import messages
from sign_recognition.bags.playback import Playback, Step, clock_offset_ns
from sign_recognition.bags.reader import Bag, BagError, Record, open_bag
from sign_recognition.bags.topics import STARTS, TRUTHS, start_topic, truth_topic
from sign_recognition.msg import Gesture, Landmarks
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter, report_name
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import EXIT_START_FAILED, PipelineNode, run
from sign_recognition.pixels import parse_stamp
from sign_recognition.stream_statistics import StreamStatistics

# What the graph begins with, by message type: class, topic and quality of service.
_STARTS: dict[str, tuple[type, str, QoSProfile]] = {
    messages.LANDMARKS: (Landmarks, 'landmarks', qos.LANDMARKS),
    messages.IMAGE: (Image, 'image_raw', qos.IMAGE),
    messages.COMPRESSED_IMAGE: (CompressedImage, 'image_raw/compressed', qos.IMAGE),
}
_CONTROL = 'control_node'
_FINISH_S = 1.0


@dataclass(frozen=True)
class ReplayParameters:
    """What is played, and how."""

    bag: str = parameter('', 'Path of the bag: a rosbag2 folder, .mcap or .db3 file')
    start: str = parameter(
        'auto',
        'landmarks, images, or auto: landmarks, where the bag holds them',
        choices=STARTS,
    )
    image_topic: str = parameter('', 'Images to take, where the bag holds several; empty: the one')
    rate: float = parameter(1.0, 'Seconds of the bag per second', low=0.1, high=10.0)
    loop: bool = parameter(False, 'Begin again after the end')
    monitored: bool = parameter(
        False, 'A monitor listens to landmarks and truth: each waits for it, 15 s at most'
    )
    controlled: bool = parameter(
        False, 'A control node obeys: the bag waits until it knows the time, 15 s at most'
    )


class ReplayNode(PipelineNode):
    """A Playback on topics. The messages are those of the bag, byte for byte."""

    def __init__(self) -> None:
        super().__init__('replay_node')
        given = self._given = declare(self, ReplayParameters)
        self._bag, self._start, first = _open(given)
        if not self._bag.complete:
            self.get_logger().warning(f'{given.bag} is cut: it is played as far as it goes')
        self._time = self.create_publisher(Clock, '/clock', qos.CLOCK)
        self._outputs = self._make_outputs()
        self._playback = Playback(
            lambda: self._bag.records(self._outputs.keys()),
            given.rate,
            given.loop,
            time.monotonic,
            self.done.wait,
            clock_offset_ns(first),
        )
        self._begins_ns = self._playback.begins_ns()
        self._control_answered = threading.Event()
        if given.controlled:
            self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        self._statistics = StreamStatistics()
        facts = {
            'source': f'bag {given.bag}',
            'first_stamp_ns': parse_stamp(first.data),
            'truth': len(self._outputs) > 1,
        }
        self._reporter = DiagnosticsReporter(self, self._statistics, lambda: facts)
        self.get_logger().info(f'{self._start} of {given.bag}')
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join(timeout=_FINISH_S)
        for output in self._outputs.values():
            output.wait_for_all_acked(Duration(seconds=_FINISH_S))
        self._bag.close()

    def _make_outputs(self) -> dict[str, Publisher]:
        """By the bag's topics: where the graph begins, and the truth, if there is one."""
        outputs = {self._start: self.create_publisher(*_STARTS[self._bag.topics[self._start]])}
        truth = truth_topic(self._bag.topics)
        if truth:
            topic = next(name for name in TRUTHS if f'/{truth}'.endswith(f'/{name}'))
            outputs[truth] = self.create_publisher(Gesture, topic, qos.EVENTS)
        return outputs

    def _play(self) -> None:
        """Publish step after step until the bag ends or the node does."""
        with self.ending_with_it():
            try:
                self._publish_all()
            except (BagError, SecondRobotError) as error:
                self.get_logger().fatal(str(error))
                self.exit_code = EXIT_START_FAILED

    def _publish_all(self) -> None:
        for topic, output in self._outputs.items():
            self.wait_for_audience(output, self._listeners(topic))
        self._refuse_a_second_robot()
        if self._given.controlled:
            self._wait_for_control()
        for step in self._playback.steps():
            if self.done.is_set():
                return
            self._publish(step)
        self.get_logger().info(f'bag {self._given.bag} has ended')

    def _listeners(self, topic: str) -> int:
        """Subscribers that must be there before the bag begins.

        A short bag may be over before discovery finds the second of two. Truth and landmarks are
        what a monitor listens to; the graph listens to its beginning alone.
        """
        heard = topic != self._start or self._bag.topics[topic] == messages.LANDMARKS
        return int(topic == self._start) + int(self._given.monitored and heard)

    def _refuse_a_second_robot(self) -> None:
        """See that nobody else obeys what is replayed here.

        Raises:
            SecondRobotError: there is another control node beside the replay's own.
        """
        nodes = self.get_node_names_and_namespaces()
        if nodes.count((_CONTROL, self.get_namespace())) > 1:
            raise SecondRobotError(
                f'another {_CONTROL} runs in this ROS domain, and would obey the bag: end it, or '
                'set another ROS_DOMAIN_ID'
            )

    def _wait_for_control(self) -> None:
        """Hold the bag until control knows its time.

        Before, control would take gestures for ones of another age, and no robot would move.
        """
        if not (self.hold_until(self._ask_control) or self.done.is_set()):
            self.get_logger().warning(f'{_CONTROL} does not know the time: no robot may move')

    def _ask_control(self) -> bool:
        """Tell the time at which the bag begins; whether control has told it back."""
        self._tell_time(self._begins_ns)
        return self._control_answered.is_set()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        control = report_name(self.get_namespace(), _CONTROL)
        told_ns = conversions.stamp_to_ns(message.header.stamp)
        if told_ns == self._begins_ns and any(each.name == control for each in message.status):
            self._control_answered.set()

    def _tell_time(self, time_ns: int) -> None:
        self._time.publish(Clock(clock=conversions.ns_to_stamp(time_ns)))

    def _publish(self, step: Step) -> None:
        self._tell_time(step.time_ns)
        if step.record is None:
            return
        began_s = time.monotonic()
        self._outputs[step.record.topic].publish(step.record.data)
        if step.record.topic == self._start:
            age_s = (step.time_ns - parse_stamp(step.record.data)) / 1e9
            now_s = time.monotonic()
            self._statistics.add(now_s, age_s, now_s - began_s)


class SecondRobotError(RuntimeError):
    """A control node that is not the replay's would obey the replay."""


def _open(given: ReplayParameters) -> tuple[Bag, str, Record]:
    """The bag, the topic that the graph begins with, and its first message.

    Raises:
        BagError: the bag cannot be read, or does not hold what is asked for.
    """
    bag = open_bag(Path(given.bag).expanduser())
    start = start_topic(bag, given.start, given.image_topic)
    first = next(bag.records([start]), None)
    if first is None:
        raise BagError(f'{bag.path}: no message on {start}')
    return bag, start, first


def main() -> None:
    """Run the node program."""
    run(ReplayNode)


if __name__ == '__main__':
    main()
