"""Listens to the whole live graph, for the view in the terminal."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.exceptions import NameValidationException
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from sign_recognition import pixels
from sign_recognition.decision import GestureEvent
from sign_recognition.live.record import LiveRecord, SeenEvent
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import report_name
from sign_recognition.nodes.runner import PipelineNode, RCLError, StartError, spin_until_done
from sign_recognition.pixels import ConversionError


class MonitorNode(PipelineNode):
    """Fills a LiveRecord.

    Args:
        record: to fill.
        stamped: the commands are TwistStamped; false: Twist.
        cmd_vel: topic of the commands.
        on_start: called with each gesture that starts.
        sim_time: the time is that of /clock.
    """

    def __init__(
        self,
        record: LiveRecord,
        stamped: bool,
        cmd_vel: str,
        on_start: Callable[[SeenEvent], None],
        sim_time: bool = False,
    ) -> None:
        super().__init__(
            'monitor_node', services=False, parameters=[Parameter('use_sim_time', value=sim_time)]
        )
        self._record = record
        self._stamped = stamped
        self._on_start = on_start
        self.create_subscription(
            Landmarks, 'landmarks', self._on_landmarks, qos.LANDMARKS, raw=True
        )
        self.create_subscription(GestureScores, 'gesture_scores', self._on_scores, qos.SCORES)
        self.create_subscription(Gesture, 'gesture', self._on_gesture, qos.EVENTS)
        for topic in ('camera_node/truth', 'label'):
            self.create_subscription(Gesture, topic, self._on_truth, qos.EVENTS)
        self.create_subscription(ModelInfo, 'model_info', self._on_model_info, qos.LATCHED)
        command_type = TwistStamped if stamped else Twist
        self.create_subscription(command_type, cmd_vel, self._on_command, qos.COMMAND)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def _on_landmarks(self, serialized: bytes) -> None:
        self._note('landmarks', pixels.parse_stamp(serialized))

    def _on_scores(self, message: GestureScores) -> None:
        stamp_ns = conversions.stamp_to_ns(message.header.stamp)
        self._note('recognition', stamp_ns)
        probabilities = np.array(message.probabilities, np.float32)
        self._record.on_scores(stamp_ns, probabilities, message.hands_seen, time.monotonic())

    def _on_gesture(self, message: Gesture) -> None:
        event = self._event(message)
        started = self._record.on_gesture(event) if event else None
        if started is not None:
            self._on_start(started)

    def _on_truth(self, message: Gesture) -> None:
        event = self._event(message)
        if event:
            self._record.on_truth(event)

    def _event(self, message: Gesture) -> GestureEvent | None:
        """None for a message that is no event."""
        try:
            return conversions.message_to_event(message)
        except ConversionError as error:
            self.get_logger().error(str(error))
            return None

    def _on_model_info(self, message: ModelInfo) -> None:
        with self._record:
            self._record.labels = tuple(message.labels)

    def _on_command(self, message: TwistStamped | Twist) -> None:
        twist = message.twist if self._stamped else message
        linear, angular = twist.linear, twist.angular
        velocity = np.array([linear.x, linear.y, linear.z, angular.x, angular.y, angular.z], float)
        if self._stamped:
            self._note('camera_to_command', conversions.stamp_to_ns(message.header.stamp))
        self._record.on_command(velocity)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        # Others' too, and of other robots: the topic is one for all.
        own = report_name(self.get_namespace(), '')
        for status in message.status:
            name = status.name.removeprefix(own)
            if name != status.name and '/' not in name:
                values = {each.key: each.value for each in status.values}
                self._record.on_diagnostics(name, values)

    def _note(self, stage: str, stamp_ns: int) -> None:
        age_s = (self.get_clock().now().nanoseconds - stamp_ns) / 1e9
        self._record.on_stage(stage, stamp_ns, age_s, time.monotonic())


@contextlib.contextmanager
def start_in_background(make_node: Callable[[], MonitorNode]) -> Iterator[MonitorNode]:
    """A monitor that spins in a thread of its own while the caller draws.

    Raises:
        StartError: ROS 2 does not start, or refuses the name of a topic.
    """
    try:
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
    except (RCLError, NameValidationException) as error:
        rclpy.try_shutdown()
        raise StartError(' '.join(str(error).split())) from error
    thread = threading.Thread(target=spin_until_done, args=(node,), daemon=True)
    thread.start()
    try:
        yield node
    finally:
        node.done.set()
        thread.join()
