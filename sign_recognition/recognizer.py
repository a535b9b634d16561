"""The whole recognition behind one verb: landmark frames in, gesture events out.

Live, replay and tests run this same object; it needs neither a camera nor ROS, and reads no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sign_recognition.clip_images import clip_image
from sign_recognition.decision import (
    NONE_LABEL,
    DecisionPolicy,
    DecisionThresholds,
    GestureEvent,
)
from sign_recognition.landmarks import LandmarkFrame, Points
from sign_recognition.model_contract import ModelContract, ModelContractError
from sign_recognition.pixels import PixelArray
from sign_recognition.sequence import MAX_GAP_S, ImageBuffer, SequenceBuffer

# Time in which a tracker loses the hand of a fast swipe and finds it again.
MAX_UNSEEN_S = 0.2


class Classifier(Protocol):
    """What the recogniser needs of a model: its facts, and probabilities for a window."""

    contract: ModelContract

    def __call__(self, window: Points | PixelArray) -> npt.NDArray[np.float32]: ...


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
        classifier: the model; it must read landmarks in image space, or images.
        thresholds: when scores become events; by default those calibrated into the model.
        max_gap_s: a pause between frames longer than this begins a new stream.
        max_unseen_s: where no hand was seen for longer than this, nothing is performed, whatever
            the model would say of what was seen before.

    Raises:
        ValueError: max_unseen_s is negative.
        ModelContractError: the model was trained on another space than a camera gives.
    """

    def __init__(
        self,
        classifier: Classifier,
        thresholds: DecisionThresholds | None = None,
        max_gap_s: float = MAX_GAP_S,
        max_unseen_s: float = MAX_UNSEEN_S,
    ) -> None:
        if not max_unseen_s >= 0:
            raise ValueError(f'max_unseen_s: {max_unseen_s}, allowed is 0 or more seconds')
        contract = classifier.contract
        if contract.space != 'image':
            raise ModelContractError(
                f'space: model {contract.name} reads {contract.space!r}, a camera gives image'
            )
        self._classifier = classifier
        span = (contract.window_frames, contract.rate_hz, max_gap_s)
        self._landmarks, self._images = SequenceBuffer(*span), ImageBuffer(*span)
        self._policy = DecisionPolicy(contract.labels, thresholds or contract.decision)
        self._max_unseen_ns = round(max_unseen_s * 1e9)
        self._last_seen_ns: int | None = None
        self._nothing = np.array([each == NONE_LABEL for each in contract.labels], np.float32)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the probabilities."""
        return self._classifier.contract.labels

    @property
    def needs_pixels(self) -> bool:
        """Whether `step` needs the image, too."""
        return self._classifier.contract.needs_pixels

    def step(self, frame: LandmarkFrame, image_rgb: PixelArray | None = None) -> Recognition:
        """Take the newest frame of the stream.

        A stamp that jumps back or a long pause begins a new stream; a gesture that had started
        ends with it.

        Args:
            frame: landmarks of the image.
            image_rgb: (H, W, 3) uint8, the image itself, for a model that needs its pixels.

        Raises:
            ValueError: the model needs the pixels, and there are none.
        """
        continues = self._push(frame, image_rgb)
        ended = [] if continues else self._policy.reset()
        seen = self._hand_is_in_view(frame, continues)
        probabilities = self._classifier(self._window()) if seen else self._nothing
        events = self._policy.step(frame.stamp_ns, probabilities)
        return Recognition(frame.stamp_ns, probabilities, [*ended, *events])

    def _hand_is_in_view(self, frame: LandmarkFrame, continues: bool) -> bool:
        """Whether a hand was seen lately in this stream."""
        if frame.hands_seen:
            self._last_seen_ns = frame.stamp_ns
        elif not continues:
            self._last_seen_ns = None
        last_ns = self._last_seen_ns
        return last_ns is not None and frame.stamp_ns - last_ns <= self._max_unseen_ns

    def _push(self, frame: LandmarkFrame, image_rgb: PixelArray | None) -> bool:
        """Keep what the model reads of a frame; whether the stream goes on."""
        wanted = self._classifier.contract.images
        if wanted is None:
            return self._landmarks.push(frame.selfie_view())
        return self._images.push(frame.stamp_ns, clip_image(wanted, frame, image_rgb))

    def _window(self) -> Points | PixelArray:
        """What the model reads."""
        of_images = self._classifier.contract.images is not None
        window = self._images.window() if of_images else self._landmarks.window()
        assert window is not None, 'a frame was just pushed'
        return window
