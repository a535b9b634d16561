"""The whole recognition behind one verb: landmark frames in, gesture events out.

Live, replay and tests run this same object; it needs neither a camera nor ROS, and reads no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sign_recognition.decision import DecisionPolicy, DecisionThresholds, GestureEvent
from sign_recognition.landmarks import LandmarkFrame, Points
from sign_recognition.model_contract import ModelContract, ModelContractError
from sign_recognition.sequence import SequenceBuffer


class Classifier(Protocol):
    """What the recogniser needs of a model: its facts, and probabilities for a window."""

    contract: ModelContract

    def __call__(self, window: Points) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Recognition:
    """What one frame told.

    Attributes:
        stamp_ns: acquisition time of the frame.
        probabilities: (classes,) float32 in the order of the model's labels.
        events: gesture events of this step, in order.
    """

    stamp_ns: int
    probabilities: npt.NDArray[np.float32]
    events: Sequence[GestureEvent]


class Recognizer:
    """Sequence buffer, classifier and decision policy of one stream.

    Args:
        classifier: the model; it must read landmarks in image space.
        thresholds: when scores become events; by default those calibrated into the model.
        max_gap_s: a pause between frames longer than this begins a new stream.

    Raises:
        ModelContractError: the model was trained on another space than a camera gives.
    """

    def __init__(
        self,
        classifier: Classifier,
        thresholds: DecisionThresholds | None = None,
        max_gap_s: float = 0.5,
    ) -> None:
        contract = classifier.contract
        if contract.space != 'image':
            raise ModelContractError(
                f'space: model {contract.name} reads {contract.space!r}, a camera gives image'
            )
        self._classifier = classifier
        self._buffer = SequenceBuffer(contract.window_frames, contract.rate_hz, max_gap_s)
        self._policy = DecisionPolicy(contract.labels, thresholds or contract.decision)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the probabilities."""
        return self._classifier.contract.labels

    def step(self, frame: LandmarkFrame) -> Recognition:
        """Take the newest frame of the stream.

        A stamp that jumps back or a long pause begins a new stream; a gesture that had started
        ends with it.
        """
        ended = [] if self._buffer.push(frame.selfie_view()) else self._policy.reset()
        window = self._buffer.window()
        assert window is not None, 'a frame was just pushed'
        probabilities = self._classifier(window)
        events = self._policy.step(frame.stamp_ns, probabilities)
        return Recognition(frame.stamp_ns, probabilities, [*ended, *events])
