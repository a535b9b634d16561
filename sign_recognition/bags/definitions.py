"""Message definitions: to read what a bag holds, and to write bags that explain themselves."""

from __future__ import annotations

import re
from typing import Any

from rosbags.typesys import (
    Stores,
    TypesysError,
    get_types_from_idl,
    get_types_from_msg,
    get_typestore,
)
from rosbags.typesys.store import Typestore

from sign_recognition.bags.storage import BagError, Definition
from sign_recognition.resources import prefixes

_RULE = '=' * 80 + '\n'
# A line of a .msg file that begins with the type of a field: a name, maybe with its package.
_FIELD_TYPE = re.compile(r'^\s*((?:\w+/)?[A-Z]\w*)\s*(?:\[.*?\])?\s+\w', re.MULTILINE)
_STANDARD = Stores.ROS2_JAZZY


def typestore(msgtype: str, definition: Definition | None) -> Typestore:
    """A store that knows a message type.

    Args:
        msgtype: as 'sensor_msgs/msg/Image'.
        definition: its own; None: it is one of the standard types.

    Raises:
        BagError: it has no definition, or one that cannot be read.
    """
    if definition is None:
        standard = get_typestore(_STANDARD)
        if msgtype not in standard.types:
            raise BagError(f'message type {msgtype!r} has no definition in the bag')
        return standard
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(_parse(msgtype, definition))
    except (TypesysError, ValueError, KeyError) as error:
        raise BagError(f'the definition of message type {msgtype!r}: {error}') from error
    return store


def installed_definition(msgtype: str) -> Definition:
    """The definition of a type as the packages on this machine have it, with all types within.

    Where ROS 2 is not installed, of the standard types that come with rosbags.

    Args:
        msgtype: as 'sensor_msgs/msg/Image'.

    Raises:
        BagError: a type is not installed.
    """
    texts: dict[str, str] = {}
    missing = [msgtype]
    while missing:
        name = missing.pop(0)
        text = _read_installed(name)
        if text is None:
            raise BagError(f'message type {name!r} is not installed, it has no definition')
        texts[name] = text
        missing += [each for each in _types_within(name, text) if each not in (*texts, *missing)]
    parts = [texts.pop(msgtype)]
    parts += [f'MSG: {name.replace("/msg/", "/")}\n{text}' for name, text in texts.items()]
    return Definition('ros2msg', _RULE.join(part.rstrip('\n') + '\n' for part in parts))


def type_hash(msgtype: str, definition: Definition) -> str:
    """The RIHS01 hash of a type (REP 2011), by which rosbag2 tells versions of it apart."""
    return str(typestore(msgtype, definition).hash_rihs01(msgtype))


def _parse(msgtype: str, definition: Definition) -> Any:
    if definition.encoding == 'ros2msg':
        return get_types_from_msg(definition.text, msgtype)
    types: Any = {}
    for part in definition.text.split(_RULE):
        # Each type within has a heading, as 'IDL: std_msgs/msg/Header'.
        types.update(get_types_from_idl(re.sub(r'\AIDL: .*\n', '', part)) if part else {})
    return types


def _types_within(msgtype: str, text: str) -> list[str]:
    """Full names of the types of a definition's fields, without the basic ones."""
    package = msgtype.split('/')[0]
    without_comments = re.sub(r'#.*', '', text)
    names = dict.fromkeys(_FIELD_TYPE.findall(without_comments))
    full = [name if '/' in name else f'{package}/{name}' for name in names]
    return [name.replace('/', '/msg/') for name in full]


def _read_installed(msgtype: str) -> str | None:
    for prefix in prefixes():
        path = prefix / 'share' / f'{msgtype}.msg'
        if path.is_file():
            return path.read_text(encoding='utf-8')
    standard = get_typestore(_STANDARD)
    if msgtype not in standard.types:
        return None
    text, _ = standard.generate_msgdef(msgtype, ros_version=2)
    return text.split(_RULE)[0]
