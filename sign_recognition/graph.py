"""The live graph, described once: read by live.launch.py and by `sign-recognition live`."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sign_recognition.resources import config_file


def _option(default: Any, description: str) -> Any:
    return dataclasses.field(default=default, metadata={'description': description})


@dataclass(frozen=True)
class LiveOptions:
    """What a user may ask of the live graph; every field is a launch argument too."""

    source: str = _option(
        'auto',
        "Webcam index or path, video file, folder of pictures, 'signer' (rendered), or 'auto' "
        '(first webcam that opens, else the signer)',
    )
    camera: bool = _option(True, 'Start our camera_node; false: another node publishes image_raw')
    mirrored: bool = _option(True, 'The images are mirror images (selfie view)')
    loop: bool = _option(False, 'Begin a file or folder again after its last image')
    width: int = _option(640, 'Image width, px')
    height: int = _option(480, 'Image height, px')
    rate_hz: float = _option(30.0, 'Images per second')
    jpeg: bool = _option(False, 'JPEG images between camera and landmarks')
    seed: int = _option(0, 'Which rendered signer')
    solution: str = _option('hands', "MediaPipe solution: 'hands' or 'holistic'")
    model: str = _option('', 'ONNX file or name of a shipped model; empty: the default')
    gestures: str = _option('', 'Gesture table; empty: the one that comes with the package')
    stamped: bool = _option(True, 'TwistStamped commands; false: Twist')
    cmd_vel: str = _option('cmd_vel', 'Topic of the commands')
    config: str = _option('', 'Parameter file (ROS 2 YAML) that wins over the defaults')

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> LiveOptions:
        """Read the options as launch gives them.

        Raises:
            ValueError: a text is no value of its option's type; names both.
        """
        defaults = {each.name: each.default for each in dataclasses.fields(cls)}
        return cls(**{name: _parse(name, text, defaults[name]) for name, text in texts.items()})


@dataclass(frozen=True)
class NodeDescription:
    """One node of a graph.

    Attributes:
        name: of the node, and of its program in lib/sign_recognition.
        parameter_files: later ones win.
        parameters: win over the files.
        remappings: topic to topic.
    """

    name: str
    parameter_files: tuple[Path, ...]
    parameters: Mapping[str, Any]
    remappings: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def arguments(self) -> list[str]:
        """The program's command line, without the program."""
        words = ['--ros-args']
        for file in self.parameter_files:
            words += ['--params-file', str(file)]
        for name, value in self.parameters.items():
            words += ['-p', f'{name}:={_yaml_scalar(value)}']
        for topic, target in self.remappings.items():
            words += ['-r', f'{topic}:={target}']
        return words


def live_graph(options: LiveOptions) -> list[NodeDescription]:
    """The nodes of the live graph, from the robot to the camera: the order in which they start.

    An option that is left at its default does not override a parameter file.
    """
    transport = 'compressed' if options.jpeg else 'raw'
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        'control_node': ('control', _chosen(options, 'gestures', 'stamped')),
        'recognition_node': ('recognition', _chosen(options, 'model')),
        'landmark_node': (
            'landmark',
            _chosen(options, 'mirrored', 'solution')
            | ({'transport': transport} if options.jpeg else {}),
        ),
    }
    if options.camera:
        names = ('source', 'mirrored', 'loop', 'width', 'height', 'rate_hz', 'jpeg', 'seed')
        wanted['camera_node'] = ('camera', _chosen(options, *names))
    extra = (Path(options.config).expanduser(),) if options.config else ()
    return [
        NodeDescription(
            name=name,
            parameter_files=(config_file(f'{config}.yaml'), *extra),
            parameters=parameters,
            remappings={'cmd_vel': options.cmd_vel} if name == 'control_node' else {},
        )
        for name, (config, parameters) in wanted.items()
    ]


def environment_defaults(environment: Mapping[str, str]) -> dict[str, str]:
    """What the graph's processes need and the user has not set.

    - The package's Fast DDS profile, unless there is one already.
    - Discovery on this host only: a robot must not obey the gestures of the next desk. Set
      ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET to widen it.
    - The ament prefix, which ROS 2 from PyPI leaves unset.
    """
    defaults = {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'AMENT_PREFIX_PATH': sys.prefix,
    }
    if not environment.keys() & {'FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'}:
        defaults['FASTRTPS_DEFAULT_PROFILES_FILE'] = str(config_file('fastdds.xml'))
    return {name: value for name, value in defaults.items() if not environment.get(name)}


def set_environment_defaults() -> None:
    """Apply `environment_defaults` to this process, before ROS 2 starts in it."""
    os.environ.update(environment_defaults(os.environ))


def _chosen(options: LiveOptions, *names: str) -> dict[str, Any]:
    """The options of these names that are not at their default."""
    defaults = {each.name: each.default for each in dataclasses.fields(options)}
    return {n: getattr(options, n) for n in names if getattr(options, n) != defaults[n]}


def _yaml_scalar(value: Any) -> str:
    """A parameter value as rcl reads it: a text stays one, also when it looks like a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ('true', 'false'):
            raise ValueError(f'{name}: {text!r}, allowed are true and false')
        return text.lower() == 'true'
    try:
        return type(default)(text)
    except ValueError:
        raise ValueError(f'{name}: {text!r} is no {type(default).__name__}') from None
