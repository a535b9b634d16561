"""The rendered signer as a camera."""

from __future__ import annotations

from sign_recognition.sources.base import Capture, TruthEvent
from sign_recognition.sources.signer import Signer


class RenderedCamera:
    """The rendered signer, filmed at a steady rate without end.

    Args:
        size_px: (width, height) of the images.
        rate_hz: images per second.
        mirrored: give a mirror image (selfie view).
        seed: which signer, and which order of gestures.
    """

    live = False
    length_s: float | None = None

    def __init__(self, size_px: tuple[int, int], rate_hz: float, mirrored: bool, seed: int) -> None:
        self.name = f'rendered signer (seed {seed})'
        self.rate_hz = rate_hz
        self._signer = Signer(seed=seed, size_px=size_px, mirrored=mirrored)
        self._index = 0
        self._told_until_s = 0.0

    def read(self) -> Capture:
        time_s = self._index / self.rate_hz
        self._index += 1
        return Capture(time_s, self._signer.render(time_s).image)

    def skip(self) -> None:
        self._index += 1

    def truth(self, until_s: float) -> list[TruthEvent]:
        since_s, self._told_until_s = self._told_until_s, until_s
        return [
            TruthEvent(each.label, each.start_s, each.end_s)
            for each in self._signer.script(until_s)
            if since_s < each.end_s <= until_s
        ]

    def close(self) -> None:
        pass
