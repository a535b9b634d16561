"""Which topics of a bag are the ones that this package reads, whatever namespace they are in.

A topic is known by its type and the end of its name. The functions take the topics of a bag, topic
to msgtype, and give a full name, or an empty text where the bag has no such topic; they raise a
BagError where several fit equally well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sign_recognition.bags.messages import GESTURE, IMAGE_TYPES, LANDMARKS
from sign_recognition.bags.reader import Bag, BagError

STARTS = ('auto', 'landmarks', 'images')

# Ends of names, the preferred one first.
_LANDMARKS = ('landmarks',)
_IMAGES = ('image_raw', 'image_raw/compressed')
# What a person says was performed goes before what a source tells of itself.
TRUTHS = ('label', 'camera_node/truth')


def landmarks_topic(topics: Mapping[str, str]) -> str:
    """Where the landmarks are: the topic of that name, else the only one of their type."""
    names = _of_type(topics, (LANDMARKS,))
    return _choose(_preferred(names, _LANDMARKS) or names)


def image_topic(topics: Mapping[str, str], wanted: str = '') -> str:
    """Where the images are: the topic of that name, else the only one of their types.

    Args:
        topics: topic to msgtype.
        wanted: the one to take, where there are several.

    Raises:
        BagError: besides the above, there is no `wanted` image topic.
    """
    names = _of_type(topics, IMAGE_TYPES)
    if wanted and wanted not in names:
        raise BagError(f'image topic {wanted!r} is not in the bag, there are {names}')
    return wanted or _choose(_preferred(names, _IMAGES) or names)


def truth_topic(topics: Mapping[str, str]) -> str:
    """Where it is said what was performed: `label`, else what the rendered signer told."""
    return _choose(_preferred(_of_type(topics, (GESTURE,)), TRUTHS))


def start_topic(bag: Bag, start: str, images: str = '') -> str:
    """Where a replay begins.

    Args:
        bag: to play.
        start: 'landmarks', 'images', or 'auto': landmarks, where the bag holds them.
        images: the image topic to take, where there are several.

    Raises:
        BagError: the bag does not hold what is asked for, or several topics of it; names the bag.
        ValueError: `start` is none of the three, or the replay begins with landmarks and `images`
            would never be read.
    """
    if start not in STARTS:
        raise ValueError(f'from: {start!r}, allowed are {", ".join(STARTS)}')
    try:
        found = landmarks_topic(bag.topics) if start != 'images' else ''
        if not found and start != 'landmarks':
            found = image_topic(bag.topics, images)
    except BagError as error:
        raise BagError(f'{bag.path}: {error}') from error
    if not found:
        wanted = 'landmarks or images' if start == 'auto' else start
        raise BagError(f'{bag.path}: no {wanted} in it, only {", ".join(bag.topics) or "nothing"}')
    if images and found != images:
        raise ValueError(
            f'image_topic: {images!r}, allowed is none where a replay begins with {found} (from: '
            "'images' begins with images)"
        )
    return found


def _of_type(topics: Mapping[str, str], kinds: Collection[str]) -> list[str]:
    return [name for name, kind in topics.items() if kind in kinds]


def _preferred(names: Sequence[str], endings: Sequence[str]) -> list[str]:
    """Those with the first of the endings that any has."""
    for ending in endings:
        fitting = [name for name in names if f'/{name}'.endswith(f'/{ending}')]
        if fitting:
            return fitting
    return []


def _choose(names: Sequence[str]) -> str:
    if len(names) > 1:
        raise BagError(f'several topics of the bag would do: {", ".join(names)}')
    return names[0] if names else ''
