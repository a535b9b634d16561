"""The graphs, described once: read by the launch files and by `sign-recognition live`, `replay`."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sign_recognition.model_contract import ModelContractError
from sign_recognition.resources import config_file, model_file
from sign_recognition.yaml_file import read_parameters

Options = TypeVar('Options', bound='_Options')

CONTROL, CAMERA = 'control_node', 'camera_node'
# Nodes that send or hear the commands.
_WITH_COMMANDS = (CONTROL, 'recorder_node')
# Exit statuses after which a node is not started again: 0, it has done its work; 2, it cannot start
# as it was asked to.
FINAL_CODES = (0, 2)
# What a node is told that is started where one died: a stop that the user asked for outlives
# control, and the signer must not take the place of a person whom the robot was obeying.
_AGAIN = {CONTROL: {'start_latched': True}, CAMERA: {'stand_in': False}}

# Parameters that more than their own node has to know, and the options that tell all of them.
_TOLD_BY_OPTION = {
    CONTROL: {'stamped': '--stamped'},
    'recognition_node': {'model': '--model'},
    CAMERA: {'jpeg': '--jpeg (of record: --images)', 'mirrored': '--mirrored'},
    'landmark_node': {'mirrored': '--mirrored'},
    'replay_node': {'rate': '--rate', 'start': '--from', 'image_topic': '--image-topic'},
}

# The solution that the model reads, and those that there are.
AUTO = 'auto'
_SOLUTIONS = (AUTO, 'hands', 'holistic')

# The commands of a replay, where no robot hears them.
SHOWN_ONLY = 'replay'


def _option(default: Any, description: str) -> Any:
    return dataclasses.field(default=default, metadata={'description': description})


class _Options:
    """What the options of every graph can do."""

    @classmethod
    def from_texts(cls: type[Options], texts: Mapping[str, str]) -> Options:
        """Read the options as launch gives them.

        Raises:
            ValueError: a text is no value of its option's type; names both.
        """
        defaults = _defaults(cls)
        return cls(**{name: _parse(name, text, defaults[name]) for name, text in texts.items()})


@dataclass(frozen=True)
class LiveOptions(_Options):
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
    solution: str = _option(
        AUTO, "MediaPipe solution: 'hands', 'holistic', or 'auto': what the model reads"
    )
    model: str = _option('', 'ONNX file or name of a shipped model; empty: the default')
    gestures: str = _option('', 'Gesture table; empty: the one that comes with the package')
    stamped: bool = _option(True, 'TwistStamped commands; false: Twist')
    cmd_vel: str = _option('cmd_vel', 'Topic of the commands')
    config: str = _option('', 'Parameter file (ROS 2 YAML) that wins over the defaults')


@dataclass(frozen=True)
class ReplayOptions(_Options):
    """What a user may ask of the replay of a bag; every field is a launch argument too.

    Raises:
        ValueError: commands would be sent at a rate at which they are none for a robot.
    """

    bag: str = _option(dataclasses.MISSING, 'Bag to play: a rosbag2 folder, .mcap or .db3 file')
    start: str = _option(
        'auto', "'landmarks', 'images', or 'auto': landmarks, where the bag holds them"
    )
    image_topic: str = _option('', 'Images to take, where the bag holds several; empty: the one')
    rate: float = _option(1.0, 'Seconds of the bag per second')
    loop: bool = _option(False, 'Begin again after the end')
    send: bool = _option(False, 'Send the commands to the robot; false: show them only')
    mirrored: bool = _option(True, 'The images are mirror images (selfie view)')
    solution: str = _option(
        AUTO, "MediaPipe solution: 'hands', 'holistic', or 'auto': what the model reads"
    )
    model: str = _option('', 'ONNX file or name of a shipped model; empty: the default')
    gestures: str = _option('', 'Gesture table; empty: the one that comes with the package')
    stamped: bool = _option(True, 'TwistStamped commands; false: Twist')
    cmd_vel: str = _option('cmd_vel', f'Topic of the commands; below {SHOWN_ONLY}/ unless sent')
    config: str = _option('', 'Parameter file (ROS 2 YAML) that wins over the defaults')

    def __post_init__(self) -> None:
        if self.send and self.rate > 1:
            raise ValueError(f'rate: {self.rate}, allowed for commands to a robot is at most 1')

    @property
    def commands(self) -> str:
        """The topic that the commands go to."""
        return self.cmd_vel if self.send else f'{SHOWN_ONLY}/{self.cmd_vel.lstrip("/")}'


@dataclass(frozen=True)
class RecordOptions(_Options):
    """What a user may ask of the recorder."""

    out: str = _option(dataclasses.MISSING, 'Folder of the bag, which must not exist yet')
    images: bool = _option(False, 'Record the images, too (JPEG)')
    topics: str = _option('', 'More topics, with commas between them')
    storage: str = _option('mcap', "Storage of the bag: 'mcap' or 'sqlite3'")
    split_mb: int = _option(0, 'A new file begins when one has this size, MB; 0: never')
    duration_s: float = _option(0.0, 'End so long after the first landmarks or image, s; 0: never')


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

    def again(self) -> NodeDescription:
        """What is started where the node died."""
        own = _AGAIN.get(self.name, {})
        return dataclasses.replace(self, parameters={**self.parameters, **own})


def live_graph(options: LiveOptions) -> list[NodeDescription]:
    """The nodes of the live graph, from the robot to the camera: the order in which they start.

    An option that is left at its default does not override a parameter file.

    Raises:
        OSError: `options.config` cannot be read.
        ValueError: it is no YAML, or says what an option has to say; or there is no such
            `options.solution`.
    """
    _check_solution(options.solution)
    transport = {'transport': 'compressed'} if options.jpeg else {}
    wanted: dict[str, dict[str, Any]] = {
        CONTROL: _chosen(options, 'gestures', 'stamped'),
        'recognition_node': _chosen(options, 'model') | transport,
        'landmark_node': _chosen(options, 'mirrored') | _solution(options) | transport,
    }
    if options.camera:
        names = ('source', 'mirrored', 'loop', 'width', 'height', 'rate_hz', 'jpeg', 'seed')
        wanted[CAMERA] = _chosen(options, *names)
    _check_file(options, wanted)
    return _describe(wanted, options.config, options.cmd_vel)


def replay_graph(options: ReplayOptions, monitored: bool = False) -> list[NodeDescription]:
    """The nodes of a replay, from the robot to the bag: the order in which they start.

    Args:
        options: what to replay, and how.
        monitored: a monitor listens, and the bag is to wait for it.

    Raises:
        BagError: the bag cannot be read, or does not hold what is asked for.
        OSError: `options.config` cannot be read.
        ValueError: `options.start`, `image_topic` or `solution` is not allowed, or the file is no
            YAML, or says what an option has to say.
    """
    _check_solution(options.solution)
    sim_time = {'use_sim_time': True}
    # Seen from a recording that runs faster, all that takes time takes longer.
    patience = {'max_age_s': 0.0} if options.rate > 1 else {}
    wanted: dict[str, dict[str, Any]] = {
        CONTROL: _chosen(options, 'gestures', 'stamped') | sim_time | patience,
        'recognition_node': _chosen(options, 'model') | sim_time,
    }
    transport = _image_transport(options)
    if transport:
        wanted['recognition_node'] |= {'transport': transport}
        wanted['landmark_node'] = (
            _chosen(options, 'mirrored') | _solution(options) | sim_time | {'transport': transport}
        )
    path = str(Path(options.bag).expanduser().absolute())
    bag: dict[str, Any] = {'bag': path, 'controlled': True}
    bag |= {'monitored': True} if monitored else {}
    wanted['replay_node'] = bag | _chosen(options, 'start', 'image_topic', 'rate', 'loop')
    _check_file(options, wanted)
    return _describe(wanted, options.config, options.commands)


def solution_for(solution: str, models: Sequence[str]) -> str:
    """The solution that a user names, or for 'auto' the one that all the models can do with.

    Args:
        solution: 'hands', 'holistic' or 'auto'.
        models: as resources.model_file takes them.

    Raises:
        ValueError: there is no such solution.
        FileNotFoundError: there is no such model.
        ModelContractError: a file is no model.
    """
    _check_solution(solution)
    if solution != AUTO:
        return solution
    # Here, for it takes a while.
    from sign_recognition.classifier import OnnxClassifier

    wanted = {OnnxClassifier(model_file(name)).contract.solution for name in models}
    return 'holistic' if 'holistic' in wanted else 'hands'


def _check_solution(solution: str) -> None:
    if solution not in _SOLUTIONS:
        raise ValueError(f'solution: {solution!r}, allowed are {", ".join(_SOLUTIONS)}')


def _solution(options: LiveOptions | ReplayOptions) -> dict[str, str]:
    """What landmark_node is told beside its parameter files: nothing where hands suffice."""
    if options.solution != AUTO:
        return {'solution': options.solution}
    if not options.model:
        return {}
    try:
        wanted = solution_for(AUTO, [options.model])
    except (FileNotFoundError, ModelContractError):
        # recognition_node says what is wrong with its model.
        return {}
    return {'solution': wanted} if wanted != 'hands' else {}


def recorder(options: RecordOptions, config: str, cmd_vel: str) -> NodeDescription:
    """The node that records a graph.

    Args:
        options: what to record.
        config: parameter file that wins over the defaults; empty: none.
        cmd_vel: topic of the graph's commands.
    """
    out = {'out': str(Path(options.out).expanduser().absolute())}
    chosen = _chosen(options, 'images', 'topics', 'storage', 'split_mb', 'duration_s')
    (description,) = _describe({'recorder_node': out | chosen}, config, cmd_vel)
    return description


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


def _image_transport(options: ReplayOptions) -> str:
    """How a replay's images come, raw or compressed; empty: it begins with landmarks."""
    # Here, for they take a while and the other graph does without them.
    from sign_recognition.bags.messages import COMPRESSED_IMAGE, LANDMARKS
    from sign_recognition.bags.reader import open_bag
    from sign_recognition.bags.topics import start_topic

    with open_bag(Path(options.bag).expanduser()) as bag:
        msgtype = bag.topics[start_topic(bag, options.start, options.image_topic)]
    if msgtype == LANDMARKS:
        return ''
    return 'compressed' if msgtype == COMPRESSED_IMAGE else 'raw'


def _check_file(
    options: LiveOptions | ReplayOptions, wanted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse a user's parameter file that sets, for one node, what others have to know.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no YAML; or it gives a parameter of _TOLD_BY_OPTION another value than the
            graph is built for, and no option wins over it.
    """
    if not options.config:
        return
    for node, name, value in read_parameters(Path(options.config).expanduser(), 'config'):
        for target, flags in _TOLD_BY_OPTION.items():
            counts = node in (target, '*', '**') and target in wanted and name in flags
            if counts and name not in wanted[target] and value != getattr(options, name):
                raise ValueError(
                    f'config: {options.config}: {name}: {value!r} of {target} would be unknown to '
                    f'the rest: use the option {flags[name]}, in a launch {name}:='
                )


def _describe(
    wanted: Mapping[str, Mapping[str, Any]], config: str, cmd_vel: str
) -> list[NodeDescription]:
    """Nodes of these parameters, each with the file of its name, and then the user's."""
    extra = (Path(config).expanduser(),) if config else ()
    return [
        NodeDescription(
            name=name,
            parameter_files=(config_file(f'{name.removesuffix("_node")}.yaml'), *extra),
            parameters=parameters,
            remappings={'cmd_vel': cmd_vel} if name in _WITH_COMMANDS else {},
        )
        for name, parameters in wanted.items()
    ]


def _defaults(options: Any) -> dict[str, Any]:
    return {each.name: each.default for each in dataclasses.fields(options)}


def _chosen(options: _Options, *names: str) -> dict[str, Any]:
    """The options of these names that are not at their default."""
    defaults = _defaults(options)
    return {n: getattr(options, n) for n in names if getattr(options, n) != defaults[n]}


def _yaml_scalar(value: Any) -> str:
    """A parameter value as rcl reads it: a text stays one, also when it looks like a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def _parse(name: str, text: str, default: Any) -> Any:
    if default is dataclasses.MISSING:
        return text
    if isinstance(default, bool):
        if text.lower() not in ('true', 'false'):
            raise ValueError(f'{name}: {text!r}, allowed are true and false')
        return text.lower() == 'true'
    try:
        return type(default)(text)
    except ValueError:
        raise ValueError(f'{name}: {text!r} is no {type(default).__name__}') from None
