"""Camera, landmarks, recognition and control, live.

ros2 launch sign_recognition live.launch.py source:=0
ros2 launch sign_recognition live.launch.py --show-args
"""

from sign_recognition.graph import LiveOptions, live_graph
from sign_recognition.launch_actions import launch_description


def generate_launch_description():
    """The live graph; its options are the launch arguments."""
    return launch_description(LiveOptions, live_graph)
