"""A graph as a launch description; what the files of launch/ have in common."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    OpaqueFunction,
    Shutdown,
    TimerAction,
)
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.ros_adapters import get_ros_node

from sign_recognition.graph import (
    CONTROL,
    FINAL_CODES,
    LiveOptions,
    NodeDescription,
    ReplayOptions,
    environment_defaults,
)
from sign_recognition.live.backoff import Backoff
from sign_recognition.nodes.zero_command import ZeroCommand

Options = TypeVar('Options', LiveOptions, ReplayOptions)


def launch_description(
    options: type[Options], graph: Callable[[Options], Sequence[NodeDescription]], source: str = ''
) -> LaunchDescription:
    """A graph whose options are launch arguments.

    A node that dies is started again. For a dead control node zero is sent at once, and the one
    that follows begins with a STOP latched.

    Args:
        options: of the graph.
        graph: makes the nodes.
        source: the node with which all end; empty: none.
    """
    fields: Sequence[dataclasses.Field[Any]] = dataclasses.fields(options)

    def start(context: LaunchContext) -> list[Node]:
        texts = {each.name: LaunchConfiguration(each.name).perform(context) for each in fields}
        given = options.from_texts(texts)
        keeper = _Keeper(context, given.stamped, source)
        return [keeper.start(node, Backoff()) for node in graph(given)]

    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(
                    each.name,
                    default_value=(
                        None if each.default is dataclasses.MISSING else str(each.default)
                    ),
                    description=each.metadata['description'],
                )
                for each in fields
            ),
            OpaqueFunction(function=start),
        ]
    )


class _Keeper:
    """Starts nodes, and again those that die.

    Args:
        context: as the graph's first nodes find it. A user's launch file may have set a namespace
            or more around ours, which is gone when its group has been read.
        stamped: the commands are TwistStamped; false: Twist.
        source: the node with which all end; empty: none.
    """

    def __init__(self, context: LaunchContext, stamped: bool, source: str) -> None:
        # SetRemap and SetParameter add to lists that are there.
        self._configurations = copy.deepcopy(dict(context.launch_configurations))
        self._environment = dict(context.environment)
        self._own_environment = environment_defaults(self._environment)
        context.environment.update(self._own_environment)
        self._ros_node = get_ros_node(context)
        self._restore(context)
        self._stamped = stamped
        self._source = source
        self._zero: ZeroCommand | None = None

    def start(self, node: NodeDescription, backoff: Backoff) -> Node:
        """The node's program, and what is done when it has ended."""
        if node.name == CONTROL and self._zero is None:
            topic = self._commands(node)
            self._zero = ZeroCommand(self._ros_node, self._stamped, topic)
        started_s = time.monotonic()

        def on_exit(event: ProcessExited, context: LaunchContext) -> Any:
            if context.is_shutdown:
                return None
            if node.name == self._source:
                return Shutdown(reason=f'{self._source} has ended')
            if event.returncode in FINAL_CODES:
                return None
            if node.name == CONTROL and self._zero is not None:
                self._zero.send()
            backoff_s = backoff.after_s(time.monotonic() - started_s)
            return TimerAction(period=backoff_s, actions=[self._as_before(node.again(), backoff)])

        return Node(
            package='sign_recognition',
            executable=node.name,
            name=node.name,
            parameters=[*map(str, node.parameter_files), dict(node.parameters)],
            remappings=list(node.remappings.items()),
            # Not for the whole launch, which may hold other nodes.
            additional_env=self._own_environment,
            output='screen',
            on_exit=on_exit,
        )

    def _commands(self, control: NodeDescription) -> str:
        """The topic of a control node's commands, after the user's launch file has had its say."""
        namespace = self._configurations.get('ros_namespace', '').rstrip('/')

        def expanded(name: str) -> str:
            return name if name.startswith('/') else f'{namespace}/{name}'

        # The first rule that fits counts, and those of a SetRemap around us come first.
        rules = [*self._configurations.get('ros_remaps', ()), *control.remappings.items()]
        return next(expanded(to) for name, to in rules if expanded(name) == expanded('cmd_vel'))

    def _as_before(self, node: NodeDescription, backoff: Backoff) -> GroupAction:
        """Start a node as if the user's launch file were still being read."""

        def start(context: LaunchContext) -> list[Node]:
            self._restore(context)
            return [self.start(node, backoff)]

        return GroupAction([OpaqueFunction(function=start)])

    def _restore(self, context: LaunchContext) -> None:
        context.launch_configurations.clear()
        context.launch_configurations.update(copy.deepcopy(self._configurations))
        context.environment.clear()
        context.environment.update(self._environment)
