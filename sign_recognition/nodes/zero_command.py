"""Zero for the robot, from whoever watches a control node."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node

from sign_recognition.motion import AXES
from sign_recognition.nodes import conversions, qos


class ZeroCommand:
    """What is sent in the stead of a control node that died.

    Args:
        node: sends it.
        stamped: the commands are TwistStamped; false: Twist.
        cmd_vel: topic of the commands.
    """

    def __init__(self, node: Node, stamped: bool, cmd_vel: str) -> None:
        self._node = node
        self._stamped = stamped
        # From the start: to find the robot takes a while.
        self._publisher = node.create_publisher(
            TwistStamped if stamped else Twist, cmd_vel, qos.COMMAND
        )

    def send(self) -> None:
        """Stop the robot."""
        zero = np.zeros(len(AXES))
        if self._stamped:
            now_ns = self._node.get_clock().now().nanoseconds
            message = conversions.velocity_to_twist_stamped(zero, now_ns, 'base_link')
        else:
            message = conversions.velocity_to_twist(zero)
        self._publisher.publish(message)
