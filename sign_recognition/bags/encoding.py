"""The project's own types as recorded messages, without ROS."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from rosbags.typesys.store import Typestore

from sign_recognition.bags.definitions import installed_definition, typestore
from sign_recognition.bags.messages import EVENT_KINDS, GESTURE, LANDMARKS
from sign_recognition.bags.storage import Record
from sign_recognition.decision import GestureEvent
from sign_recognition.landmarks import LandmarkFrame

_HEADER = 'std_msgs/msg/Header'
_TIME = 'builtin_interfaces/msg/Time'


def landmark_record(
    frame: LandmarkFrame, topic: str = '/landmarks', log_ns: int | None = None, frame_id: str = ''
) -> Record:
    """A landmark frame as a recorded message.

    Args:
        frame: what to record.
        topic: where.
        log_ns: when it was recorded; None: at its stamp.
        frame_id: of the camera.
    """
    store = _store(LANDMARKS)
    message = store.types[LANDMARKS](
        header=_header(store, frame.stamp_ns, frame_id),
        width=frame.size_px[0],
        height=frame.size_px[1],
        mirrored=frame.mirrored,
        points=np.ascontiguousarray(frame.points).reshape(-1),
    )
    return _record(store, message, LANDMARKS, topic, frame.stamp_ns if log_ns is None else log_ns)


def gesture_record(event: GestureEvent, topic: str = '/label', log_ns: int | None = None) -> Record:
    """A gesture event as a recorded message; the arguments are those of `landmark_record`."""
    store = _store(GESTURE)
    kinds = {kind: number for number, kind in EVENT_KINDS.items()}
    message = store.types[GESTURE](
        header=_header(store, event.stamp_ns, ''),
        kind=kinds[event.kind],
        label=event.label,
        score=event.score,
        start=_time(store, event.start_ns),
    )
    return _record(store, message, GESTURE, topic, event.stamp_ns if log_ns is None else log_ns)


@functools.cache
def _store(msgtype: str) -> Typestore:
    return typestore(msgtype, installed_definition(msgtype))


def _record(store: Typestore, message: Any, msgtype: str, topic: str, log_ns: int) -> Record:
    data = bytes(store.serialize_cdr(message, msgtype, little_endian=True))
    return Record(topic, msgtype, log_ns, data)


def _header(store: Typestore, stamp_ns: int, frame_id: str) -> Any:
    return store.types[_HEADER](stamp=_time(store, stamp_ns), frame_id=frame_id)


def _time(store: Typestore, time_ns: int) -> Any:
    return store.types[_TIME](sec=time_ns // 1_000_000_000, nanosec=time_ns % 1_000_000_000)
