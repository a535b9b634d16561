"""Takes of rendered signers: clips with images and exact landmarks, for machines without a camera.

Every signer is another person before another wall, and performs each label a few times; 'none' is
what the hand does between gestures. Landmarks are those of the scene, not of a tracker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sign_recognition.datasets.clip import DatasetError
from sign_recognition.datasets.takes import LANDMARKS_FILE, Take, make_dataset, save_take
from sign_recognition.decision import NONE_LABEL
from sign_recognition.sources.signer import Signer
from sign_recognition.sources.signer_script import Performance

# So much of what comes before and after belongs to a clip, as people record it.
_MARGIN_S = 0.25
_SHORTEST_NONE_S = 1.0


@dataclass(frozen=True)
class RenderPlan:
    """What is rendered.

    Attributes:
        labels: gestures of the rendered signer, and perhaps 'none'.
        signers: how many people.
        takes: of each label by each of them.
        size_px: (width, height) of the images.
        rate_hz: images per second.
        seed: of the first signer; the next have the next numbers.
    """

    labels: tuple[str, ...]
    signers: int
    takes: int
    size_px: tuple[int, int] = (160, 120)
    rate_hz: float = 20.0
    seed: int = 0


class _Part(NamedTuple):
    """A stretch of a signer's performance that becomes a take."""

    label: str
    start_s: float
    end_s: float


def render_takes(root: Path, plan: RenderPlan) -> Iterator[Path]:
    """Render the takes of a plan that are not there yet, and make the folder a data set of all.

    Yields:
        The folder of each take, also of those that are there.

    Raises:
        ValueError: a label is none of the rendered signer's.
        DatasetError: the folder holds takes of another size or rate.
        OSError: a take cannot be written.
    """
    for number in range(plan.seed, plan.seed + plan.signers):
        yield from _render_signer(root, plan, number)
    make_dataset(root)


def _render_signer(root: Path, plan: RenderPlan, number: int) -> Iterator[Path]:
    name = f'rendered{number:03d}'
    signer = _signer(plan, number)
    for label in plan.labels:
        for take, part in enumerate(_parts(signer, plan, label)):
            folder = root / label / name / f'{take:04d}'
            if folder.is_dir():
                _check_alike(folder, plan)
                yield folder
            else:
                yield save_take(root, label, name, _take(signer, plan, part))


def _check_alike(folder: Path, plan: RenderPlan) -> None:
    """Refuse to go on among takes of another plan.

    Raises:
        DatasetError: the take is of another size or rate.
    """
    with np.load(folder / LANDMARKS_FILE) as take:
        size_px, stamps_s = tuple(map(int, take['size_px'])), take['stamps_s']
    rate_hz = round(1 / float(np.median(np.diff(stamps_s))), 3)
    if size_px != plan.size_px or not np.isclose(rate_hz, plan.rate_hz, rtol=1e-2):
        raise DatasetError(
            f'{folder}: was rendered at {size_px[0]}x{size_px[1]} px and {rate_hz:g} Hz, now it '
            f'would be {plan.size_px[0]}x{plan.size_px[1]} at {plan.rate_hz:g}; allowed is a new '
            'folder'
        )


def _signer(plan: RenderPlan, number: int) -> Signer:
    gestures = [label for label in plan.labels if label != NONE_LABEL]
    rng = np.random.default_rng([number, plan.takes])
    rounds = [label for _ in range(plan.takes) for label in rng.permutation(gestures)]
    return Signer(seed=number, size_px=plan.size_px, sequence=rounds)


def _parts(signer: Signer, plan: RenderPlan, label: str) -> list[_Part]:
    """Where in a performance the takes of a label are."""
    script = _whole_script(signer, plan)
    if label == NONE_LABEL:
        return _rests(script)[: plan.takes]
    return [
        _Part(label, max(each.start_s - _MARGIN_S, 0.0), each.end_s + _MARGIN_S)
        for each in script
        if each.label == label
    ]


def _whole_script(signer: Signer, plan: RenderPlan) -> Sequence[Performance]:
    count = plan.takes * len(set(plan.labels) - {NONE_LABEL})
    duration_s = 10.0
    while len(script := signer.script(duration_s)) < count:
        duration_s *= 2
    return script


def _rests(script: Sequence[Performance]) -> list[_Part]:
    ends = [0.0, *(each.end_s for each in script)]
    starts = [each.start_s for each in script]
    rests = [_Part(NONE_LABEL, end, start) for end, start in zip(ends, starts, strict=False)]
    return [rest for rest in rests if rest.end_s - rest.start_s >= _SHORTEST_NONE_S]


def _take(signer: Signer, plan: RenderPlan, part: _Part) -> Take:
    take = Take()
    for time_s in np.arange(part.start_s, part.end_s, 1 / plan.rate_hz):
        seen = signer.render(float(time_s))
        take.add(seen.frame, seen.image)
    return take
