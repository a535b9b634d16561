"""Settings of a training: each of its kind, or one line says what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class ConfigError(ValueError):
    """A configuration cannot be followed; names the file or setting, the value, the allowed."""


@dataclass(frozen=True)
class Kind:
    """What a setting may be.

    Attributes:
        allowed: in words.
        fits: whether a value is of this kind.
    """

    allowed: str
    fits: Callable[[Any], bool]

    def or_nothing(self) -> Kind:
        """The same, or None."""
        return Kind(f'{self.allowed}, or nothing', lambda value: value is None or self.fits(value))


def check(settings: object, kinds: Mapping[str, Kind]) -> None:
    """Refuse a setting that is not of its kind.

    Args:
        settings: the settings are its attributes.
        kinds: of some of them, by name.

    Raises:
        ConfigError: names the setting, its value, and what is allowed.
    """
    for name, kind in kinds.items():
        value = getattr(settings, name)
        if not kind.fits(value):
            raise ConfigError(f'{name}: {value!r}, allowed is {kind.allowed}')


@contextmanager
def located(where: str) -> Iterator[None]:
    """Whatever is refused in the block says where: the file, or the setting.

    Raises:
        ConfigError: instead of a TypeError or ValueError.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ConfigError(f'{where}: {error}') from error


def as_names(given: Any) -> Any:
    """A YAML list of names as a tuple; what is none stays as it is, for `check` to refuse."""
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)):
        return given
    texts = tuple(map(as_text, given))
    return texts if is_names(texts) else given


def as_text(value: Any) -> Any:
    """A whole number as text, for signers may be numbered; anything else as it is."""
    return str(value) if _is_whole(value) else value


def as_mappings(given: Any) -> Any:
    """A YAML list as a tuple; what is none stays as it is, for `check` to refuse."""
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list) else given


def is_names(value: Any) -> bool:
    """Whether it is a tuple of names. True is none: it was a yes that lacks its quotes."""
    return isinstance(value, tuple) and all(map(_is_name, value))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    # To Python, True is a number.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_mappings(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, Mapping) for each in value)


def whole_number(least: int) -> Kind:
    """A whole number, so large or larger."""
    allowed = 'a positive whole number' if least == 1 else f'a whole number, {least} or more'
    return Kind(allowed, lambda value: _is_whole(value) and value >= least)


def one_of(words: tuple[str, ...]) -> Kind:
    """One of some words."""
    return Kind(' or '.join(words), lambda value: value in words)


NAME = Kind('a name', _is_name)
NAMES = Kind('a list of names, yes and no in quotes', is_names)
NUMBER = Kind('a number', _is_number)
POSITIVE = Kind('a positive number', lambda value: _is_number(value) and value > 0)
NOT_NEGATIVE = Kind('a number, 0 or more', lambda value: _is_number(value) and value >= 0)
SHARE = Kind('0 to 1', lambda value: _is_number(value) and 0 <= value <= 1)
BELOW_ONE = Kind('0 or more, and below 1', lambda value: _is_number(value) and 0 <= value < 1)
MAPPING = Kind('a mapping', lambda value: isinstance(value, Mapping))
MAPPINGS = Kind('a list of mappings', _is_mappings)
# What both recipes have, and mean the same by.
OF_BOTH_RECIPES: Mapping[str, Kind] = {
    'name': NAME,
    'seed': whole_number(0),
    'window_frames': whole_number(1),
    'rate_hz': POSITIVE,
    'held_out_signers': NAMES,
    'odds': MAPPING,
    'epochs': whole_number(1),
    'batch': whole_number(1),
    'learning_rate': POSITIVE,
    'label_smoothing': BELOW_ONE,
}
