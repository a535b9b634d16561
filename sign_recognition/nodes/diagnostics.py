"""What each node tells of itself on /diagnostics, once a second."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from sign_recognition.stream_statistics import StreamStatistics

_PERIOD_S = 1.0
_DIAGNOSED = 'sign_recognition: '


def report_name(namespace: str, node: str) -> str:
    """The name of a node's reports; all robots share the topic."""
    return f'{_DIAGNOSED}{namespace.rstrip("/")}/{node}'


class DiagnosticsReporter:
    """Publishes the statistics of one node's stream.

    Args:
        node: the node that reports.
        statistics: the stream through it.
        details: further facts, by name, asked for at each report.
    """

    def __init__(
        self,
        node: Node,
        statistics: StreamStatistics,
        details: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self._node = node
        self._statistics = statistics
        self._details = details
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # By the wall, also where the ROS clock is a bag's: it may stand still, or not have begun.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(_PERIOD_S, self.report, clock=steady)

    def report(self) -> None:
        """Publish one report."""
        status = self._status(self._statistics.rate_hz(time.monotonic()))
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _status(self, rate_hz: float) -> DiagnosticStatus:
        age, latency = self._statistics.input_age(), self._statistics.latency()
        values = {
            'rate_hz': round(rate_hz, 2),
            'input_age_p50_ms': age.p50_ms,
            'input_age_p95_ms': age.p95_ms,
            'latency_p50_ms': latency.p50_ms,
            'latency_p95_ms': latency.p95_ms,
            'count': self._statistics.count,
            'drops': self._statistics.drops,
            'pid': os.getpid(),
            **self._details(),
        }
        flowing = rate_hz > 0
        return DiagnosticStatus(
            level=DiagnosticStatus.OK if flowing else DiagnosticStatus.WARN,
            name=report_name(self._node.get_namespace(), self._node.get_name()),
            message='running' if flowing else 'no input',
            hardware_id=self._node.get_fully_qualified_name(),
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
