"""Several networks of different kinds in one graph, which answer with the mean of their answers.

Networks that see different features of a hand err at different clips: their mean is right more
often than the best of them (Hansen and Salamon, 'Neural network ensembles', 1990; joint, bone and
motion streams of skeletons: Shi et al., 2s-AGCN, 2019). Each member has a loss of its own and
learns as if alone, from the same batches; features that members share are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import keras
from keras import layers, ops

from sign_recognition.training import architectures
from sign_recognition.training.blocks import landmark_input
from sign_recognition.training.body_features import MeanOfTwins, MirrorTwins

NAME = 'ensemble'
# Where members are sure of something else there are no votes to divide.
_TINY = 1e-7


def build(
    window_frames: int,
    classes: int,
    members: Sequence[Mapping[str, Any]],
    fine_per_class: int = 1,
    twins: bool = False,
    none_member: int | None = None,
    fine_members: Sequence[int] | None = None,
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T).
        classes: number of labels; the last is `none`.
        members: two or more, each `arch`, an architecture of landmarks, and its `options`; it reads
            the whole window, or, ending with the newest, `frames` of it, or every `every`-th: 2 and
            a movement at half the speed looks as fast as the usual one does at 1. In the mean its
            answer counts `weight` times.
        fine_per_class: above 1 the members tell so many kinds of each label but `none` apart, in
            the output `fine_probabilities`; a label is then as probable as its kinds together, and
            `none`, which such clips do not hold, has probability 0.
        twins: the members see a window and its mirror twin, and their mean answers; for signs,
            which mean the same with either hand.
        none_member: number of the member whose probability of `none` is the ensemble's; all tell
            the labels apart. For data in which a strong network knows `none` by what it should not
            look at, such as the tracker. None: the mean tells `none` as well.
        fine_members: numbers of the members that divide each label among its kinds; all name the
            label. For a member that sees how a hand moves and not which fingers it shows. None:
            all divide.

    Returns:
        A model as in the description of `architectures`, with the members' embeddings side by
        side, the members' outputs that have a loss, and with fine_per_class above 1
        `fine_probabilities` (B, fine_per_class (classes - 1)), the kinds of a label side by side.

    Raises:
        ValueError: a member is not as described, or there is no such none_member or fine_member.
        ArchitectureError: there is no such architecture.
    """
    landmarks = landmark_input(window_frames)
    if fine_members is not None and fine_per_class == 1:
        raise ValueError('fine_members: allowed only with fine_per_class above 1')
    told = fine_per_class * (classes - 1) if fine_per_class > 1 else classes
    parts = _members(members)
    seen = MirrorTwins(name='twins')(landmarks) if twins else landmarks
    # Twins are none in training: what they give cannot be kept for it.
    learners, reads = _share_features(parts, told, seen, 'twin_features' if twins else 'features')
    answers = [learner(each) for learner, each in zip(learners, reads, strict=True)]
    if twins:
        answers = [{name: MeanOfTwins()(x) for name, x in each.items()} for each in answers]
    outputs = {
        _output_name(number, name, fine_per_class): answers[number][name]
        for number, part in enumerate(parts)
        for name in part.losses(0.0)
    }
    each_told = [answer['probabilities'] for answer in answers]
    mean = _mean(each_told, [part.weight for part in parts], none_member)
    votes = mean if fine_members is None else sum(_chosen('fine_members', each_told, fine_members))
    embedding = layers.Concatenate(name='embedding')([answer['embedding'] for answer in answers])
    return keras.Model(
        landmarks,
        {'embedding': embedding, **_heads(mean, votes, classes, fine_per_class), **outputs},
        name=NAME,
    )


def losses(
    label_smoothing: float,
    members: Sequence[Mapping[str, Any]],
    fine_per_class: int = 1,
    twins: bool = False,
    none_member: int | None = None,
    fine_members: Sequence[int] | None = None,
) -> dict[str, tuple[keras.losses.Loss, float]]:
    """The losses of all members and their weights; the mean of their answers has none."""
    own = {
        _output_name(number, name, fine_per_class): (loss, weight / len(members))
        for number, part in enumerate(_members(members))
        for name, (loss, weight) in part.losses(label_smoothing).items()
    }
    return {'probabilities': (keras.losses.CategoricalCrossentropy(), 0.0), **own}


@dataclass(frozen=True)
class _Member:
    """A network among others; see `build`."""

    arch: str
    options: Mapping[str, Any] = field(default_factory=dict)
    frames: int | None = None
    every: int = 1
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f'members: every: {self.every}, allowed is 1 or more')
        if self.weight <= 0:
            raise ValueError(f'members: weight: {self.weight}, allowed is above 0')

    def read(self, window: Any) -> Any:
        """(B, frames, 75, 3) what it sees of a window (B, T, 75, 3)."""
        most = (window.shape[1] - 1) // self.every + 1
        frames = most if self.frames is None else self.frames
        if not 1 <= frames <= most:
            raise ValueError(f'members: frames: {frames}, allowed are 1 to {most}')
        first = window.shape[1] - 1 - (frames - 1) * self.every
        return window[:, first :: self.every] if frames < window.shape[1] else window

    def build(self, frames: int, classes: int) -> keras.Model:
        """The network alone."""
        model = architectures.find(self.arch).build(frames, classes, **self.options)
        if model.input.name != 'landmarks':
            raise ValueError(f'members: {self.arch} reads {model.input.name}, allowed: landmarks')
        return model

    def losses(self, label_smoothing: float) -> Mapping[str, tuple[keras.losses.Loss, float]]:
        """Of its outputs."""
        return architectures.find(self.arch).losses(label_smoothing, **self.options)


def _members(members: Sequence[Mapping[str, Any]]) -> list[_Member]:
    if len(members) < 2:
        raise ValueError(f'members: {len(members)}, allowed are 2 or more')
    allowed = tuple(each.name for each in fields(_Member))
    for each in members:
        if not {'arch'} <= set(each) <= set(allowed):
            raise ValueError(f'members: {dict(each)}, allowed are {", ".join(allowed)}')
    return [_Member(**each) for each in members]


def _output_name(number: int, name: str, fine_per_class: int) -> str:
    """Of a member's output; the truth of what begins with fine_ is the finer label."""
    return f'{"fine_" if fine_per_class > 1 else ""}member{number}_{name}'


def _share_features(
    members: Sequence[_Member], classes: int, landmarks: Any, name: str
) -> tuple[list[keras.Model], list[Any]]:
    """The learning parts of the members, and what each reads: its part of the layer `name`."""
    found: dict[tuple[str, int], Any] = {}
    learners, kind_of = [], []
    for number, member in enumerate(members):
        window = member.read(landmarks)
        front, learner = architectures.split(member.build(window.shape[1], classes))
        front.name, learner.name = f'features{number}', f'member{number}'
        kind_of.append((str(front.get_config()['layers']), member.every))
        if kind_of[-1] not in found:
            found[kind_of[-1]] = front(window)
        learners.append(learner)
    flat = layers.Concatenate(name=name)([layers.Flatten()(x) for x in found.values()])
    reads, begin = {}, 0
    for kind, x in found.items():
        end = begin + math.prod(x.shape[1:])
        reads[kind] = ops.reshape(flat[:, begin:end], (-1, *x.shape[1:]))
        begin = end
    return learners, [reads[kind] for kind in kind_of]


def _mean(told: Sequence[Any], weights: Sequence[float], none_member: int | None) -> Any:
    """The answer of members that tell (B, classes) each."""
    total = sum(weights)
    mean = sum(each * (weight / total) for each, weight in zip(told, weights, strict=True))
    if none_member is None:
        return mean
    none = _chosen('none_member', told, [none_member])[0][:, -1:]
    labels = mean[:, :-1] / (ops.sum(mean[:, :-1], axis=-1, keepdims=True) + _TINY)
    return ops.concatenate([labels * (1 - none), none], axis=-1)


def _chosen(option: str, told: Sequence[Any], numbers: Sequence[int]) -> list[Any]:
    """The answers of those members whose numbers an option names."""
    if not numbers or not set(numbers) <= set(range(len(told))):
        given = ', '.join(map(str, numbers))
        raise ValueError(f'{option}: {given or "none"}, allowed are 0 to {len(told) - 1}')
    return [told[number] for number in numbers]


def _heads(mean: Any, votes: Any, classes: int, fine_per_class: int) -> dict[str, Any]:
    """The labels as `mean` tells them, each divided among its kinds in proportion to `votes`."""
    if fine_per_class == 1:
        return {'probabilities': layers.Activation('linear', name='probabilities')(mean)}
    shape = (-1, classes - 1, fine_per_class)
    summed = ops.sum(ops.reshape(mean, shape), axis=-1)
    votes = ops.reshape(votes, shape) + _TINY
    shares = votes / ops.sum(votes, axis=-1, keepdims=True)
    divided = ops.reshape(summed[..., None] * shares, (-1, (classes - 1) * fine_per_class))
    fine = layers.Activation('linear', name='fine_probabilities')(divided)
    padded = ops.pad(summed, ((0, 0), (0, 1)))
    named = layers.Activation('linear', name='probabilities')(padded)
    return {'probabilities': named, 'fine_probabilities': fine}
