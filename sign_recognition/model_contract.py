"""What a model file says of itself: the contract between training and the live graph.

The facts travel inside the ONNX file as metadata strings, so that a model needs no file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.landmarks import LAYOUT_VERSION, POINT_COUNT

SPACES = ('image', 'world', 'normalised')
CLIP_FITS = ('newest', 'resample')
CONTENTS = ('colour', 'hand')
# What files from before it lack, and what that means.
_LATER_FIELDS = {
    'images': None,
    'clip_fit': 'newest',
    'held_out_signers': (),
    'held_out_footage': (),
    'fine_labels': (),
    'body': False,
}


class ModelContractError(ValueError):
    """A model file lacks or contradicts a part of the contract."""


@dataclass(frozen=True)
class ImageInput:
    """The images that an image-clip model reads, always of the selfie view.

    Attributes:
        height: pixels.
        width: pixels.
        content: 'colour' (the whole image, RGB) or 'hand' (the hands white, the rest black).

    Raises:
        ModelContractError: a field is out of its range; names the field, the value and the range.
    """

    height: int
    width: int
    content: str = 'colour'

    def __post_init__(self) -> None:
        for name in ('height', 'width'):
            value = getattr(self, name)
            if not isinstance(value, int) or not value > 0:
                raise ModelContractError(f'images: {name} {value!r}, allowed is a positive number')
        if self.content not in CONTENTS:
            raise ModelContractError(f'images: {self.content!r}, allowed are {CONTENTS}')


@dataclass(frozen=True)
class ModelContract:
    """The facts of one model.

    Attributes:
        name: the model's name, as in resource/models/<name>.onnx.
        labels: class names in the order of the probabilities; one of them is 'none'.
        rate_hz: frames per second of the window that the model reads.
        window_frames: frames in the window (T).
        architecture: builder in training/architectures.
        training_data: data sets, in words.
        created: ISO 8601 date.
        layout: landmark layout, as in landmarks.LAYOUT_VERSION.
        space: 'image' (landmarks in image widths, selfie view), 'world' (3D joints in metres) or
            'normalised' (centred and scaled by the authors of the data).
        metrics: figures by name, measured on signers that the model never saw.
        decision: calibrated thresholds.
        images: the images of an image-clip model; None for a model that reads landmarks.
        clip_fit: how a whole clip becomes a window: 'newest' (its last T frames at rate_hz, as a
            live stream gives them) or 'resample' (stretched to T frames).
        held_out_signers: of the training data, those that the model never saw; empty: not said.
        held_out_footage: likewise of recordings without gestures, as folder/file or asl8/signer.
        fine_labels: names in the order of the output `fine_probabilities`, where the model tells
            more apart than its labels (SHREC'17: with one finger or the whole hand); else empty.
        body: it reads the body, too, so that landmarks of the hands alone are not enough.

    Raises:
        ModelContractError: a field contradicts the contract; names the field and both values.
    """

    name: str
    labels: tuple[str, ...]
    rate_hz: float
    window_frames: int
    architecture: str
    training_data: str
    created: str
    layout: str = LAYOUT_VERSION
    space: str = 'image'
    metrics: Mapping[str, float] = field(default_factory=dict)
    decision: DecisionThresholds = DecisionThresholds()
    images: ImageInput | None = None
    clip_fit: str = 'newest'
    held_out_signers: tuple[str, ...] = ()
    held_out_footage: tuple[str, ...] = ()
    fine_labels: tuple[str, ...] = ()
    body: bool = False

    def __post_init__(self) -> None:
        if self.layout != LAYOUT_VERSION:
            raise ModelContractError(f'layout: {self.layout!r}, this code reads {LAYOUT_VERSION!r}')
        if self.space not in SPACES:
            raise ModelContractError(f'space: {self.space!r}, allowed are {SPACES}')
        if self.clip_fit not in CLIP_FITS:
            raise ModelContractError(f'clip_fit: {self.clip_fit!r}, allowed are {CLIP_FITS}')
        if NONE_LABEL not in self.labels or len(set(self.labels)) < len(self.labels):
            raise ModelContractError(
                f"labels: {self.labels}, allowed are distinct names with '{NONE_LABEL}' among them"
            )
        try:
            self.decision.check_labels(self.labels)
        except ValueError as error:
            raise ModelContractError(f'decision: {error}') from error
        for name in ('rate_hz', 'window_frames'):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not value > 0:
                raise ModelContractError(f'{name}: {value!r}, allowed is a positive number')

    @property
    def input_name(self) -> str:
        """The graph's input: 'landmarks' or 'images'."""
        return 'landmarks' if self.images is None else 'images'

    @property
    def solution(self) -> str:
        """The solution of MediaPipe that gives what the model reads, as in DetectorConfig."""
        return 'holistic' if self.body else 'hands'

    @property
    def needs_pixels(self) -> bool:
        """Whether landmarks alone are not enough to make the model's input."""
        return self.images is not None and self.images.content == 'colour'

    @property
    def window_shape(self) -> tuple[int, ...]:
        """(T, 75, 3) landmarks, or (T, height, width, 3) uint8 images."""
        if self.images is None:
            return (self.window_frames, POINT_COUNT, 3)
        return (self.window_frames, self.images.height, self.images.width, 3)

    @property
    def window_s(self) -> float:
        """Duration of the window, seconds."""
        return self.window_frames / self.rate_hz

    def to_metadata(self) -> dict[str, str]:
        """The contract as ONNX metadata: a JSON string per field."""
        return {name: json.dumps(value) for name, value in asdict(self).items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> ModelContract:
        """Read the contract from ONNX metadata.

        Raises:
            ModelContractError: a field is missing, is no JSON, or contradicts the contract.
        """
        values: dict[str, Any] = {}
        for each in fields(cls):
            if each.name not in metadata and each.name in _LATER_FIELDS:
                values[each.name] = _LATER_FIELDS[each.name]
                continue
            if each.name not in metadata:
                raise ModelContractError(f'{each.name}: missing in the metadata')
            try:
                values[each.name] = json.loads(metadata[each.name])
            except json.JSONDecodeError as error:
                raise ModelContractError(
                    f'{each.name}: {metadata[each.name]!r} is no JSON'
                ) from error
        try:
            for name in ('labels', 'held_out_signers', 'held_out_footage', 'fine_labels'):
                values[name] = tuple(values[name])
            values['decision'] = DecisionThresholds(**values['decision'])
            if values['images'] is not None:
                values['images'] = ImageInput(**values['images'])
            return cls(**values)
        except ModelContractError:
            raise
        except (TypeError, ValueError) as error:
            raise ModelContractError(str(error)) from error
