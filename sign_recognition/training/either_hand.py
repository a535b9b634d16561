"""A model of right hands that reads left hands as well, each as its mirror twin.

Unlike `MirrorTwins` it can be of labels with a direction: a left hand that swipes to the left is
the twin of a right hand that swipes to the right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from sign_recognition.classifier import FINE_OUTPUT_NAME, OUTPUT_NAME
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND
from sign_recognition.training.blocks import landmark_input
from sign_recognition.training.body_features import with_twins


def read_either_hand(
    model: keras.Model,
    labels: Sequence[str],
    fine_labels: Sequence[str],
    exchanged: Mapping[str, str],
) -> keras.Model:
    """A model that takes a window whose left hand was seen longer than its right for its twin.

    Args:
        model: of `architectures`, of right hands.
        labels: in the order of its probabilities.
        fine_labels: in the order of its finer probabilities; none without these.
        exchanged: labels that change places in a mirror, each pair once; empty: the model stays as
            it is.

    Raises:
        ValueError: as `mirrored_places`.
    """
    if not exchanged:
        return model
    landmarks = landmark_input(model.input.shape[1])
    window, is_left = RightHanded(name='right_handed')(landmarks)
    outputs = dict(model(window))
    for name, names in ((OUTPUT_NAME, labels), (FINE_OUTPUT_NAME, fine_labels)):
        if name in outputs:
            places = mirrored_places(names, exchanged)
            twin = ops.take(outputs[name], places, axis=-1)
            told = outputs[name] * (1 - is_left) + twin * is_left
            outputs[name] = keras.layers.Activation('linear', name=name)(told)
    return keras.Model(landmarks, outputs, name=model.name)


def mirrored_places(names: Sequence[str], exchanged: Mapping[str, str]) -> list[int]:
    """Where the mirror twin of each label, or of each finer label, stands among them.

    Raises:
        ValueError: what is exchanged is no mapping, or not among them.
    """
    if not isinstance(exchanged, Mapping):
        raise ValueError(f'left_hand: {exchanged!r}, allowed are pairs of labels, as Left: Right')
    twins = {**exchanged, **{twin: label for label, twin in exchanged.items()}}
    parts = [name.split(', ', 1) for name in names]  # a finer label begins with its label
    if unknown := sorted(set(twins) - {label for label, *_ in parts}):
        raise ValueError(f'left_hand: {", ".join(unknown)}, allowed are labels of the clips')
    return [names.index(', '.join((twins.get(label, label), *finger))) for label, *finger in parts]


@keras.saving.register_keras_serializable('sign_recognition')
class RightHanded(keras.layers.Layer):  # type: ignore[misc]
    """(B, T, 75, 3) as it is, or where the left hand was seen longer its mirror twin; and (B, 1)
    whether that is so, 1 or 0."""

    def call(self, landmarks: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        missing = ops.cast(ops.isnan(landmarks[:, :, :, 0]), 'float32')
        left, right = (
            ops.sum(ops.min(missing[:, :, part], axis=-1), axis=1, keepdims=True)
            for part in (LEFT_HAND, RIGHT_HAND)
        )
        is_left = ops.cast(left < right, 'int32')
        # Not by ops.where: what tf2onnx makes of it lets NaN through from the side not chosen.
        count = ops.shape(landmarks)[0]
        chosen = ops.arange(count) + count * is_left[:, 0]
        window = ops.take(with_twins(landmarks), chosen, axis=0)
        return ops.reshape(window, ops.shape(landmarks)), ops.cast(is_left, 'float32')
