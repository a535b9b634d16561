"""Key frames by two small networks that see frames, not clips, as projects on MS-ASL build them.

MLP 1 names the sign from each frame alone; the frame in which it is surest is the key frame. MLP 2
names it from each frame together with the key frame, the earlier one first. The surer of the two
answers. In the original frames without a hand compete, and labels are mixed where clips are sorted
by file name; here the key frame shows a hand wherever one was seen, and labels travel with clips.

No weight depends on the length of a clip.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sign_recognition.training.blocks import batch_norm, landmark_input
from sign_recognition.training.literature_features import HandShapes

NAME = 'keyframe_mlp'
FRAME_OUTPUT, PAIR_OUTPUT = 'frame_probabilities', 'pair_probabilities'


def build(
    window_frames: int | None, classes: int, hidden: int = 128, dropout: float = 0.3
) -> keras.Model:
    """The model from raw landmarks to probabilities.

    Args:
        window_frames: frames in the window (T); None for any number.
        classes: number of labels.
        hidden: width of the hidden layers.
        dropout: share of each hidden layer dropped in training.

    Returns:
        A model as in the description of `architectures`. The embedding is what MLP 2 makes of the
        key frame and the frame in which it is surest. For training and pictures it gives
        `frame_probabilities` and `pair_probabilities` (B, T, classes) and `key_frame` (B, T), 1.0
        at the key frame.
    """
    landmarks = landmark_input(window_frames)
    x = HandShapes(name='features')(landmarks)
    has_hand = HasHand(name='has_hand')(x)
    x = batch_norm(name='standardise')(x)
    alone = _hidden(x, hidden, dropout)
    frame = layers.Dense(classes, activation='softmax', name=FRAME_OUTPUT)(alone)
    key = Surest(name='key_frame')([frame, has_hand])
    paired = _hidden(PairWithKey(name='pair')([x, key]), hidden, dropout)
    pair = layers.Dense(classes, activation='softmax', name=PAIR_OUTPUT)(paired)
    partner = Surest(name='partner')([pair, has_hand])
    chosen = [_at(frame, key), _at(pair, partner)]
    probabilities = SurerOf(name='probabilities')(chosen)
    embedding = layers.Activation('linear', name='embedding')(_at(paired, partner))
    return keras.Model(
        landmarks,
        {
            'probabilities': probabilities,
            'embedding': embedding,
            FRAME_OUTPUT: frame,
            PAIR_OUTPUT: pair,
            'key_frame': key,
        },
        name=NAME,
    )


def losses(label_smoothing: float, **_: Any) -> dict[str, tuple[keras.losses.Loss, float]]:
    """Both networks learn from each frame; the choice between them has nothing to learn."""
    return {
        'probabilities': (keras.losses.CategoricalCrossentropy(), 0.0),
        FRAME_OUTPUT: (EveryFrameLoss(label_smoothing), 0.5),
        PAIR_OUTPUT: (EveryFrameLoss(label_smoothing), 0.5),
    }


@keras.saving.register_keras_serializable('sign_recognition')
class EveryFrameLoss(keras.losses.Loss):  # type: ignore[misc]
    """Mean cross entropy of the frames (B, T, classes): the clip's class is true in each."""

    def __init__(self, label_smoothing: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.label_smoothing = label_smoothing

    def call(self, truth: Any, probabilities: Any) -> Any:
        each = ops.zeros_like(probabilities) + truth[:, None]
        return ops.mean(
            keras.losses.categorical_crossentropy(
                each, probabilities, label_smoothing=self.label_smoothing
            ),
            axis=1,
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), 'label_smoothing': self.label_smoothing}


@keras.saving.register_keras_serializable('sign_recognition')
class HasHand(layers.Layer):  # type: ignore[misc]
    """(B, T) 1.0 where a hand was seen, from HandShapes."""

    def call(self, features: Any) -> Any:
        return ops.max(features[..., HandShapes.SEEN_HANDS], axis=-1)


@keras.saving.register_keras_serializable('sign_recognition')
class Surest(layers.Layer):  # type: ignore[misc]
    """(B, T) 1.0 at the first frame of the highest probability among those with a hand, else 0."""

    def call(self, inputs: tuple[Any, Any]) -> Any:
        probabilities, has_hand = inputs
        # Frames without a hand compete among themselves, below all others.
        sureness = ops.max(probabilities, axis=-1) + has_hand
        is_surest = ops.cast(sureness >= ops.max(sureness, axis=1, keepdims=True), 'float32')
        # Not argmax: that of Keras looks at the bits of floats, which ONNX cannot.
        count_down = ops.flip(_index(has_hand), axis=0) + 1
        first = ops.max(is_surest * count_down, axis=1, keepdims=True)
        return ops.cast(ops.abs(count_down - first) < 0.5, 'float32')


@keras.saving.register_keras_serializable('sign_recognition')
class PairWithKey(layers.Layer):  # type: ignore[misc]
    """(B, T, 2 D) each frame (B, T, D) and the key frame (B, T), the earlier one first."""

    def call(self, inputs: tuple[Any, Any]) -> Any:
        frames, key = inputs
        chosen = ops.zeros_like(frames) + _at(frames, key)[:, None]
        place = ops.sum(key * _index(key), axis=1, keepdims=True)
        earlier = ops.cast(_index(key) <= place, 'float32')[..., None]
        first = earlier * frames + (1 - earlier) * chosen
        second = earlier * chosen + (1 - earlier) * frames
        return ops.concatenate([first, second], axis=-1)


@keras.saving.register_keras_serializable('sign_recognition')
class SurerOf(layers.Layer):  # type: ignore[misc]
    """Of two distributions (B, classes) the one with the higher maximum."""

    def call(self, inputs: tuple[Any, Any]) -> Any:
        one, other = inputs
        higher = ops.max(one, axis=-1, keepdims=True) >= ops.max(other, axis=-1, keepdims=True)
        share = ops.cast(higher, 'float32')
        return share * one + (1 - share) * other


def _hidden(x: Any, width: int, dropout: float) -> Any:
    for _ in range(2):
        x = layers.Dropout(dropout)(layers.Dense(width, activation='relu')(x))
    return x


def _index(x: Any) -> Any:
    """(T,) 0, 1, 2, ... for x (B, T)."""
    return ops.arange(ops.shape(x)[1], dtype='float32')


def _at(frames: Any, choice: Any) -> Any:
    """(B, D) of frames (B, T, D) the one that choice (B, T) marks."""
    return ops.sum(frames * choice[..., None], axis=1)
