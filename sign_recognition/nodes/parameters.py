"""Node parameters declared once, as a dataclass, and read as one frozen struct.

A field says everything: its name, type, default, description, bounds, and whether it may change
while the node runs. A value out of bounds stops the start, or is refused at a later set, with the
parameter, the value and what is allowed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from sign_recognition.resources import config_file
from sign_recognition.yaml_file import read_parameters

Struct = TypeVar('Struct')


class ParameterError(ValueError):
    """A parameter has a value that it may not have."""


def parameter(
    default: Any,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    dynamic: bool = False,
) -> Any:
    """A field of a parameter struct.

    Args:
        default: value, which also gives the type.
        description: one sentence, with the unit.
        low: least number allowed.
        high: greatest number allowed.
        choices: texts allowed; empty: any.
        dynamic: may be set while the node runs.
    """
    about = {
        'description': description,
        'low': low,
        'high': high,
        'choices': choices,
        'dynamic': dynamic,
    }
    return dataclasses.field(default=default, metadata=about)


def declare(
    node: Node, struct_type: type[Struct], on_change: Callable[[Struct], None] | None = None
) -> Struct:
    """Declare every field of a struct as a parameter of the node, and read them.

    Args:
        node: where to declare.
        struct_type: a dataclass whose fields were made by `parameter`.
        on_change: given a whole new struct after a dynamic parameter was set.

    What the user set and no node has is warned of: it would have no effect.

    Raises:
        ParameterError: a value is of the wrong type or out of bounds.
    """
    declared = dataclasses.fields(struct_type)  # type: ignore[arg-type]
    for each in declared:
        try:
            node.declare_parameter(each.name, each.default, _descriptor(each))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            given = node._parameter_overrides.get(each.name)
            value = given.value if given is not None else each.default
            raise ParameterError(_refusal(each, value)) from error
        reason = _check(each, node.get_parameter(each.name).value)
        if reason:
            raise ParameterError(reason)
    _warn_of_unknown(node)
    if on_change is not None:
        _watch(node, struct_type, on_change)
    return _read(node, struct_type)


def _warn_of_unknown(node: Node) -> None:
    """A wildcard gives a node what others have, too; all that they have is in our files."""
    foreign = [name for name in sorted(node._parameter_overrides) if not node.has_parameter(name)]
    if not foreign:
        return
    files = config_file('control.yaml').parent.glob('*.yaml')
    known = {name for file in files for _, name, _ in read_parameters(file, 'config')}
    for name in foreign:
        if name not in known:
            node.get_logger().warning(f'parameter {name}: no node of ours has one of that name')


def _read(node: Node, struct_type: type[Struct]) -> Struct:
    names = [each.name for each in dataclasses.fields(struct_type)]  # type: ignore[arg-type]
    return struct_type(**{name: node.get_parameter(name).value for name in names})


def _watch(node: Node, struct_type: type[Struct], on_change: Callable[[Struct], None]) -> None:
    by_name = {each.name: each for each in dataclasses.fields(struct_type)}  # type: ignore[arg-type]

    def validate(changes: list[Parameter]) -> SetParametersResult:
        reasons = [_check(by_name[p.name], p.value) for p in changes if p.name in by_name]
        reason = '; '.join(filter(None, reasons))
        return SetParametersResult(successful=not reason, reason=reason)

    def swap(changes: list[Parameter]) -> None:
        if any(each.name in by_name for each in changes):
            on_change(_read(node, struct_type))

    node.add_on_set_parameters_callback(validate)
    node.add_post_set_parameters_callback(swap)


def _descriptor(each: dataclasses.Field[Any]) -> ParameterDescriptor:
    about = each.metadata
    descriptor = ParameterDescriptor(
        description=about['description'],
        additional_constraints=_allowed(each),
        read_only=not about['dynamic'],
    )
    if about['low'] is None or about['high'] is None:
        return descriptor
    if isinstance(each.default, float):
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(about['low']), to_value=float(about['high']))
        ]
    else:
        descriptor.integer_range = [
            IntegerRange(from_value=int(about['low']), to_value=int(about['high']))
        ]
    return descriptor


def _check(each: dataclasses.Field[Any], value: Any) -> str:
    """Empty where the value is allowed, else the refusal."""
    about = each.metadata
    too_low = about['low'] is not None and not value >= about['low']
    too_high = about['high'] is not None and not value <= about['high']
    no_choice = bool(about['choices']) and value not in about['choices']
    return _refusal(each, value) if too_low or too_high or no_choice else ''


def _refusal(each: dataclasses.Field[Any], value: Any) -> str:
    # ROS keeps whole numbers and others apart, also in a parameter file and on a command line.
    is_whole = isinstance(each.default, float) and type(value) is int
    hint = f' (written with a point: {float(value)})' if is_whole else ''
    return f'parameter {each.name}: {value!r}, allowed is {_allowed(each)}{hint}'


def _allowed(each: dataclasses.Field[Any]) -> str:
    about = each.metadata
    kind = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'a text'}
    text = kind[type(each.default)]
    if about['choices']:
        return f'one of {", ".join(about["choices"])}'
    if about['low'] is not None and about['high'] is not None:
        return f'{text} from {about["low"]} to {about["high"]}'
    if about['low'] is not None:
        return f'{text} of at least {about["low"]}'
    return text
