"""A bag of landmarks through the core of every node, with the conversions between them.

What comes out is compared with test/golden/golden.json, and written there by `make golden`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from rclpy.serialization import deserialize_message, serialize_message

from sign_recognition.bags.reader import open_bag
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.decision import EventKind
from sign_recognition.motion import MotionController, MotionLimits, load_gesture_table
from sign_recognition.msg import Gesture, Landmarks
from sign_recognition.nodes import conversions
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import config_file, model_file

GOLDEN = Path(__file__).parent / 'golden'
GOLDEN_FILE = GOLDEN / 'golden.json'


def through_cores(path: Path) -> dict[str, Any]:
    """What a bag comes to: its events, how the robot moves, and whether it is stopped at the end.

    Times are in seconds since the first image. Control has the stamps for its clock.
    """
    recognizer = Recognizer(OnnxClassifier(model_file('')))
    controller = MotionController(load_gesture_table(config_file('gestures.yaml')), MotionLimits())
    events, commands, origin_ns = [], [], None
    with open_bag(path) as bag:
        for record in bag.records(['/landmarks']):
            message = deserialize_message(record.data, Landmarks)
            frame = conversions.message_to_landmarks(message)
            origin_ns = frame.stamp_ns if origin_ns is None else origin_ns
            at_s = round((frame.stamp_ns - origin_ns) / 1e9, 3)
            for event in map(over_the_wire, recognizer.step(frame).events):
                controller.gesture(event.kind, event.label, at_s)
                if event.kind is not EventKind.HOLD:
                    events.append([at_s, event.kind.value, event.label, round(event.score, 3)])
            controller.heartbeat(frame.stamp_ns, frame.hands_seen, at_s)
            twist = conversions.velocity_to_twist(controller.step(at_s))
            commands.append((at_s, (twist.linear.x, twist.linear.y, twist.angular.z)))
    return {
        'images': len(commands),
        'events': events,
        'moves': moves(commands),
        'stopped': controller.latched,
    }


def over_the_wire(event):
    """An event as control hears it."""
    sent = serialize_message(conversions.event_to_message(event, 'camera'))
    return conversions.message_to_event(deserialize_message(sent, Gesture))


def moves(commands):
    """Each stretch in which the robot moves: from, to, and the fastest it goes on each axis."""
    stretches = []
    for moving, stretch in itertools.groupby(commands, key=lambda command: any(command[1])):
        if moving:
            times, velocities = zip(*stretch, strict=True)
            fastest = [round(max(axis, key=abs), 3) for axis in zip(*velocities, strict=True)]
            stretches.append([times[0], times[-1], fastest])
    return stretches
