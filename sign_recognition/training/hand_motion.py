"""A moving hand as joint angles: what is fitted to clips, and then performs in streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sign_recognition.landmarks import Points
from sign_recognition.sources.hand_model import BONES, Floats, hand_joints, limited


@dataclass(frozen=True)
class HandMotion:
    """One hand moving, as joint angles.

    Attributes:
        place_m: (F, 3) the wrist, metres.
        rotation: (F, 3, 3) from the resting hand of hand_model to the recording's frame.
        fingers_deg: (F, 5, 4) joint angles as in hand_model.
        length_m: hand length, wrist to the middle finger's knuckle.
    """

    place_m: npt.NDArray[np.float32]
    rotation: npt.NDArray[np.float32]
    fingers_deg: npt.NDArray[np.float32]
    length_m: float

    def joints(self, fingers_deg: Floats | None = None, bones: Floats = BONES) -> Points:
        """(F, 21, 3) float32 metres, of other joint angles or other bones if these are given."""
        angles = self.fingers_deg if fingers_deg is None else limited(fingers_deg)
        at_rest = hand_joints(angles.astype(np.float64), bones) * self.length_m
        turned = np.einsum('fij,fkj->fki', self.rotation, at_rest)
        return np.asarray(turned + self.place_m[:, None], np.float32)
