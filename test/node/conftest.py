"""ROS 2 in a domain of its own for each test, in this process."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from sign_recognition.graph import NodeDescription, set_environment_defaults

# An order of magnitude above what any of these tests takes on an idle machine.
PATIENCE_S = 30.0
# Domains 0 to 101 have free ports on Linux; 0 is a user's own.
_domain_ids = itertools.cycle((os.getpid() + n) % 101 + 1 for n in range(101))

set_environment_defaults()


class RosGraph:
    """Nodes under test beside one that listens and speaks for the test."""

    def __init__(self, domain_id: int) -> None:
        self._domain_id = domain_id
        self._nodes: list[Node] = []

    def start(self, *node_types: type[Node], **parameters: dict[str, Any]) -> list[Node]:
        """Make the nodes, with parameters by node name."""
        arguments = [
            word
            for name, values in parameters.items()
            for word in NodeDescription(
                name, (), {f'{name}:{key}': value for key, value in values.items()}
            ).arguments()
        ]
        rclpy.init(
            args=arguments,
            domain_id=self._domain_id,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.executor = SingleThreadedExecutor()
        self.tester = self.add(Node('tester'))
        return [self.add(node_type()) for node_type in node_types]

    def add(self, node: Node) -> Node:
        """Take a node that was made after `start`, to see it from its first message on."""
        self._nodes.append(node)
        self.executor.add_node(node)
        return node

    def listen(self, message_type: type, topic: str, profile: Any) -> list[Any]:
        """Messages of a topic, as they come."""
        heard: list[Any] = []
        self.tester.create_subscription(message_type, topic, heard.append, profile)
        return heard

    def speak(self, message_type: type, topic: str, profile: Any) -> Callable[[Any], None]:
        """Publishes on a topic, once somebody listens."""
        publisher = self.tester.create_publisher(message_type, topic, profile)
        self.wait(publisher.get_subscription_count)
        return publisher.publish

    def wait(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """Spin until the condition holds; its value. Fails when patience ends."""
        ends_s = time.monotonic() + patience_s
        while not (value := condition()):
            assert time.monotonic() < ends_s, 'waited in vain'
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def spin(self, duration_s: float) -> None:
        """Spin for so long."""
        ends_s = time.monotonic() + duration_s
        while time.monotonic() < ends_s:
            self.executor.spin_once(timeout_sec=0.005)

    def close(self) -> None:
        for node in self._nodes:
            if hasattr(node, 'done'):
                node.done.set()
                node.finish()
        if self._nodes:
            self.executor.shutdown()
        for node in self._nodes:
            node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def domain_id() -> int:
    return next(_domain_ids)


@pytest.fixture
def ros(domain_id: int) -> Iterator[RosGraph]:
    graph = RosGraph(domain_id)
    yield graph
    graph.close()
