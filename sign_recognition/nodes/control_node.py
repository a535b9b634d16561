"""Turns gestures into robot commands, and stops the robot whenever anything upstream is silent."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from std_srvs.srv import Trigger

from sign_recognition.decision import EventKind
from sign_recognition.motion import (
    MotionController,
    MotionLimits,
    Velocity,
    load_gesture_table,
)
from sign_recognition.msg import Gesture, GestureScores, ModelInfo
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import PipelineNode, run
from sign_recognition.pixels import ConversionError
from sign_recognition.resources import config_file
from sign_recognition.stream_statistics import StreamStatistics

# How long the end of the program may take to bring the robot to rest.
_FINISH_S = 1.0
# How often it is said that images are ignored.
_TELL_S = 5.0
_LIMITS = MotionLimits()


@dataclass(frozen=True)
class ControlParameters:
    """What the robot may be told, and how."""

    gestures: str = parameter('', 'Path of the gesture table; empty: config/gestures.yaml')
    stamped: bool = parameter(True, 'Publish TwistStamped; false: Twist')
    frame_id: str = parameter('base_link', 'frame_id of TwistStamped: the frame of the velocities')
    rate_hz: float = parameter(
        25.0, 'Commands per second where no image brings one sooner', low=10.0, high=500.0
    )
    max_age_s: float = parameter(
        0.5,
        'A gesture older than this, or so far ahead, can only stop, an image is ignored, s; 0: any',
        low=0.0,
        high=60.0,
    )
    linear_mps: float = parameter(
        _LIMITS.linear_mps, 'Largest linear speed, m/s', low=0.0, high=10.0, dynamic=True
    )
    angular_radps: float = parameter(
        _LIMITS.angular_radps, 'Largest angular speed, rad/s', low=0.0, high=20.0, dynamic=True
    )
    linear_accel_mps2: float = parameter(
        _LIMITS.linear_accel_mps2,
        'Largest linear acceleration, m/s^2',
        low=0.01,
        high=100.0,
        dynamic=True,
    )
    angular_accel_radps2: float = parameter(
        _LIMITS.angular_accel_radps2,
        'Largest angular acceleration, rad/s^2',
        low=0.01,
        high=100.0,
        dynamic=True,
    )
    decel_factor: float = parameter(
        _LIMITS.decel_factor,
        'Slowing down is this many times as quick',
        low=1.0,
        high=100.0,
        dynamic=True,
    )
    stop_within_s: float = parameter(
        _LIMITS.stop_within_s,
        'At rest within this from the largest speed, whatever the accelerations, s',
        low=0.02, high=60.0, dynamic=True,
    )  # fmt: skip
    input_timeout_s: float = parameter(
        _LIMITS.input_timeout_s,
        'Recognition silent for longer than this counts as dead, s',
        low=0.02,
        high=5.0,
    )
    hand_timeout_s: float = parameter(
        _LIMITS.hand_timeout_s,
        'No hand in view for longer than this stops the robot, s',
        low=0.02,
        high=60.0,
    )
    start_latched: bool = parameter(
        False, 'Begin stopped until re-armed; a node that died is started again so'
    )

    def limits(self) -> MotionLimits:
        """The part that the motion controller needs."""
        return MotionLimits(**{each.name: getattr(self, each.name) for each in fields(_LIMITS)})


class ControlNode(PipelineNode):
    """A MotionController on topics, driven by every new image's scores, and by its own timer."""

    def __init__(self) -> None:
        super().__init__('control_node')
        given = self._given = declare(self, ControlParameters, self._on_parameters)
        table_path = given.gestures or config_file('gestures.yaml')
        self._table = load_gesture_table(table_path)
        self._controller = MotionController(self._table, given.limits())
        if given.start_latched:
            self._controller.stop()
        self._statistics = StreamStatistics()
        self._image_ns = 0
        command_type = TwistStamped if given.stamped else Twist
        self._command = self.create_publisher(command_type, 'cmd_vel', qos.COMMAND)
        # In the order in which an image's scores and gesture are heard where both wait.
        self.create_subscription(GestureScores, 'gesture_scores', self._on_scores, qos.SCORES)
        self.create_subscription(Gesture, 'gesture', self._on_gesture, qos.EVENTS)
        self.create_subscription(ModelInfo, 'model_info', self._on_model_info, qos.LATCHED)
        self.create_service(Trigger, '~/stop', self._on_stop)
        self.create_service(Trigger, '~/rearm', self._on_rearm)
        # A stalled ROS clock (a paused bag) must not keep zero from being sent.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1 / given.rate_hz, self._send, clock=steady)
        self._reporter = DiagnosticsReporter(
            self, self._statistics, lambda: {'latched': self._controller.latched}
        )

    def finish(self) -> None:
        """Bring the robot to rest, and see that the last command, zero, has arrived."""
        self._controller.stop()
        period_s, ends_s = 1 / self._given.rate_hz, time.monotonic() + _FINISH_S
        while self._send().any() and time.monotonic() < ends_s:
            time.sleep(period_s)  # paces the ramp down; nothing is waited for
        self._controller.halt()
        self._send()
        self._command.wait_for_all_acked(Duration(seconds=_FINISH_S))

    def _on_gesture(self, message: Gesture) -> None:
        try:
            event = conversions.message_to_event(message)
        except ConversionError as error:
            self.get_logger().error(str(error))
            return
        late = not self._timely(event.stamp_ns)
        if late and event.kind is EventKind.START:
            self.get_logger().warning(
                f'{event.label} can only stop: {self._age_in_words(event.stamp_ns)}'
            )
        self._controller.gesture(event.kind, event.label, time.monotonic(), late)
        self._send()

    def _on_scores(self, message: GestureScores) -> None:
        stamp_ns = conversions.stamp_to_ns(message.header.stamp)
        if not self._timely(stamp_ns):
            self.get_logger().warning(
                f'images are ignored: {self._age_in_words(stamp_ns)}', throttle_duration_sec=_TELL_S
            )
            return
        arrived_s = time.monotonic()
        self._controller.heartbeat(stamp_ns, message.hands_seen, arrived_s)
        self._image_ns = stamp_ns
        self._send()
        now_s = time.monotonic()
        age_s = self._age_s(stamp_ns) - (now_s - arrived_s)
        self._statistics.add(now_s, age_s, now_s - arrived_s)

    def _on_model_info(self, message: ModelInfo) -> None:
        unknown = sorted(self._table.keys() - set(message.labels))
        if unknown:
            names = ', '.join(unknown)
            self.get_logger().warning(f'gestures that model {message.name} does not know: {names}')

    def _on_parameters(self, changed: ControlParameters) -> None:
        self._controller.limits = changed.limits()

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._controller.stop()
        response.success, response.message = True, 'stopped until re-armed'
        return response

    def _on_rearm(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._controller.rearm()
        response.success, response.message = True, 'armed'
        return response

    def _timely(self, stamp_ns: int) -> bool:
        """Whether a stamp is near this clock; one that is ahead says nothing of its age."""
        max_age_s = self._given.max_age_s
        return max_age_s == 0 or abs(self._age_s(stamp_ns)) <= max_age_s

    def _age_in_words(self, stamp_ns: int) -> str:
        age_s = self._age_s(stamp_ns)
        told = f'{age_s:.2f} s old' if age_s >= 0 else f'{-age_s:.2f} s ahead of this clock'
        return f'{told}, allowed is max_age_s, {self._given.max_age_s} s'

    def _age_s(self, stamp_ns: int) -> float:
        return float(self.get_clock().now().nanoseconds - stamp_ns) / 1e9

    def _send(self) -> Velocity:
        """Send the velocity of this moment; its stamp is the newest image's, while there is one."""
        self._timer.reset()  # the next one is due a period after this one, whoever asked for it
        now_s = time.monotonic()
        velocity = self._controller.step(now_s)
        if not self._given.stamped:
            self._command.publish(conversions.velocity_to_twist(velocity))
            return velocity
        # A stop that nothing upstream asked for is as new as the moment it is sent.
        alive = self._controller.input_alive(now_s)
        stamp_ns = self._image_ns if alive else self.get_clock().now().nanoseconds
        self._command.publish(
            conversions.velocity_to_twist_stamped(velocity, stamp_ns, self._given.frame_id)
        )
        return velocity


def main() -> None:
    """Run the node program."""
    run(ControlNode)


if __name__ == '__main__':
    main()
