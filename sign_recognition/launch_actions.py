"""A graph as a launch description; what the files of launch/ have in common."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
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
        nodes = graph(given)
        (commands,) = (node.remappings['cmd_vel'] for node in nodes if node.name == CONTROL)
        namespace = context.launch_configurations.get('ros_namespace', '')
        topic = commands if commands.startswith('/') else f'{namespace}/{commands}'
        zero = ZeroCommand(get_ros_node(context), given.stamped, topic)
        scope = _Scope(dict(context.launch_configurations), dict(context.environment))
        return [_action(node, zero, source, scope) for node in nodes]

    return LaunchDescription(
        [
            *(SetEnvironmentVariable(*each) for each in environment_defaults(os.environ).items()),
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


@dataclass(frozen=True)
class _Scope:
    """What a user's launch file has set around ours, as a namespace; its group's end undoes it."""

    configurations: Mapping[str, Any]
    environment: Mapping[str, str]

    def around(self, action: Node) -> GroupAction:
        """The action as if it stood there."""
        return GroupAction([OpaqueFunction(function=self._restore), action])

    def _restore(self, context: LaunchContext) -> None:
        context.launch_configurations.update(self.configurations)
        context.environment.update(self.environment)


def _action(node: NodeDescription, zero: ZeroCommand, source: str, scope: _Scope) -> Node:
    """The node's program, and what is done when it has ended."""

    def on_exit(event: ProcessExited, context: LaunchContext) -> Any:
        if context.is_shutdown:
            return None
        if node.name == source:
            return Shutdown(reason=f'{source} has ended')
        if event.returncode in FINAL_CODES:
            return None
        if node.name == CONTROL:
            zero.send()
        return scope.around(_action(node.again(), zero, source, scope))

    return Node(
        package='sign_recognition',
        executable=node.name,
        name=node.name,
        parameters=[*map(str, node.parameter_files), dict(node.parameters)],
        remappings=list(node.remappings.items()),
        output='screen',
        on_exit=on_exit,
    )
