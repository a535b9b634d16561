"""Camera, landmarks, recognition and control, live.

ros2 launch sign_recognition live.launch.py source:=0
ros2 launch sign_recognition live.launch.py --show-args
"""

import dataclasses
import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from sign_recognition.graph import LiveOptions, environment_defaults, live_graph

FIELDS = dataclasses.fields(LiveOptions)


def generate_launch_description():
    """The graph of sign_recognition.graph as launch actions."""
    environment = environment_defaults(os.environ)
    return LaunchDescription(
        [
            *(SetEnvironmentVariable(name, value) for name, value in environment.items()),
            *(
                DeclareLaunchArgument(
                    each.name,
                    default_value=str(each.default),
                    description=each.metadata['description'],
                )
                for each in FIELDS
            ),
            OpaqueFunction(function=start_nodes),
        ]
    )


def start_nodes(context):
    """One action per node of the graph."""
    given = {each.name: LaunchConfiguration(each.name).perform(context) for each in FIELDS}
    return [
        Node(
            package='sign_recognition',
            executable=node.name,
            name=node.name,
            parameters=[*map(str, node.parameter_files), dict(node.parameters)],
            remappings=list(node.remappings.items()),
            output='screen',
        )
        for node in live_graph(LiveOptions.from_texts(given))
    ]
