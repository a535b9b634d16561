"""Publishes what a person says was performed."""

from __future__ import annotations

from rclpy.node import Node

from sign_recognition.decision import GestureEvent
from sign_recognition.labelling import LabelMarks
from sign_recognition.msg import Gesture
from sign_recognition.nodes import conversions, qos


class LabelPublisher:
    """Label marks of a node's clock, published on `label` as they end.

    Args:
        node: that publishes.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._marks = LabelMarks()
        self._publisher = node.create_publisher(Gesture, 'label', qos.EVENTS)

    @property
    def running(self) -> tuple[str, ...]:
        """Labels that have begun and not ended."""
        return self._marks.running

    def begin(self, label: str) -> str:
        """Begin a label now; what was done, in words.

        Raises:
            ValueError: as LabelMarks.begin.
        """
        self._marks.begin(label, self._now_ns())
        return f'{label} begins'

    def end(self, label: str) -> str:
        """End a label now, and publish it; what was done, in words.

        Raises:
            ValueError: as LabelMarks.end.
        """
        event = self._marks.end(label, self._now_ns())
        self._publish(event)
        return f'{label} ends after {(event.stamp_ns - event.start_ns) / 1e9:.2f} s'

    def toggle(self, label: str) -> str:
        """End a label that is running, else begin it; what was done, in words."""
        return self.end(label) if label in self.running else self.begin(label)

    def _publish(self, event: GestureEvent) -> None:
        self._publisher.publish(conversions.event_to_message(event, ''))

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)
