"""A bag through landmarks, recognition and control, at its own times.

ros2 launch sign_recognition replay.launch.py bag:=recording
ros2 launch sign_recognition replay.launch.py --show-args
"""

import dataclasses
import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from sign_recognition.graph import ReplayOptions, environment_defaults, replay_graph

FIELDS = dataclasses.fields(ReplayOptions)


def generate_launch_description():
    """The graph of sign_recognition.graph as launch actions."""
    environment = environment_defaults(os.environ)
    return LaunchDescription(
        [
            *(SetEnvironmentVariable(name, value) for name, value in environment.items()),
            *(
                DeclareLaunchArgument(
                    each.name,
                    default_value=(
                        None if each.default is dataclasses.MISSING else str(each.default)
                    ),
                    description=each.metadata['description'],
                )
                for each in FIELDS
            ),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context):
    """One action per node of the graph; when the bag has ended, all end."""
    given = {each.name: LaunchConfiguration(each.name).perform(context) for each in FIELDS}
    return [
        Node(
            package='sign_recognition',
            executable=node.name,
            name=node.name,
            parameters=[*map(str, node.parameter_files), dict(node.parameters)],
            remappings=list(node.remappings.items()),
            output='screen',
            on_exit=[Shutdown(reason='the bag has ended')] if node.name == 'replay_node' else None,
        )
        for node in replay_graph(ReplayOptions.from_texts(given))
    ]
