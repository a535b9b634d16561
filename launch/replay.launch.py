"""A bag through landmarks, recognition and control, at its own times.

ros2 launch sign_recognition replay.launch.py bag:=recording
ros2 launch sign_recognition replay.launch.py --show-args
"""

from sign_recognition.graph import ReplayOptions, replay_graph
from sign_recognition.launch_actions import launch_description


def generate_launch_description():
    """The graph of a replay, which ends with the bag; its options are the launch arguments."""
    return launch_description(ReplayOptions, replay_graph, source='replay_node')
