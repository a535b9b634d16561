"""Models against folders of whole clips: each clip is one window, and one label is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.datasets.shrec17 import fine_label
from sign_recognition.evaluation.clip_figures import ClipFigures, clip_figures
from sign_recognition.landmarks import Points
from sign_recognition.sequence import clip_window

FORMAT = 'sign_recognition clip evaluation 1'

Probabilities = npt.NDArray[np.float32]
# A window (T, 75, 3) in metres and the number of its clip, to the same in image widths.
Camera = Callable[[Points, int], Points]


@dataclass(frozen=True)
class Mistake:
    """A clip of which the wrong label was said.

    Attributes:
        clip: its id.
        shown: its label.
        said: the model's.
        probability: of what was said.
    """

    clip: str
    shown: str
    said: str
    probability: float


@dataclass(frozen=True)
class ClipResult:
    """What one model makes of a folder of clips.

    Attributes:
        name: as the model calls itself.
        digest: the beginning of the file's SHA-256.
        figures: of the model's labels.
        fine: of its finer labels; None where the model or the data have none.
        mistakes: in the order of the clips.
        never_seen: signers whom it names as held out of these data; empty where it names none.
    """

    name: str
    digest: str
    figures: ClipFigures
    fine: ClipFigures | None
    mistakes: tuple[Mistake, ...]
    never_seen: tuple[str, ...] = ()

    @property
    def learned_from(self) -> tuple[str, ...]:
        """Signers of the clips whom it may have learned from, as it names others as held out."""
        others = {*self.figures.signers} - {*self.never_seen}
        return tuple(sorted(others)) if self.never_seen else ()


@dataclass(frozen=True)
class _Seen:
    """What one model says of the clips: (N, classes), and (N, fine classes) or (N, 0)."""

    probabilities: Probabilities
    fine: Probabilities


def evaluate_clips(
    folder: ClipFolder,
    classifiers: Sequence[OnnxClassifier],
    tick: Callable[[], None] = lambda: None,
    camera: Camera | None = None,
) -> list[ClipResult]:
    """Classify every clip with every model.

    Args:
        folder: of the clips.
        classifiers: models that read landmarks in the space of the clips, or of the camera.
        tick: called after each clip.
        camera: through which models see clips in metres; None: they see clips as they are.

    Returns:
        A result for each model.

    Raises:
        DatasetError: a clip is missing or broken.
        ValueError: a model reads something else than the clips are, or lacks one of their labels.
    """
    for classifier in classifiers:
        if classifier.contract.images is not None:
            raise ValueError(
                f'model: {classifier.path} reads images, allowed is one that reads landmarks'
            )
    facts: list[tuple[str, str, str, str]] = []
    told: list[list[tuple[Probabilities, Probabilities]]] = [[] for _ in classifiers]
    for number, clip in enumerate(folder.clips()):
        facts.append((clip.id, clip.label, fine_label(clip), clip.signer))
        for classifier, rows in zip(classifiers, told, strict=True):
            rows.append(_classify(classifier, _window(classifier, clip, number, folder, camera)))
        tick()
    return [
        _result(folder.info.name, classifier, facts, _Seen(*map(np.stack, zip(*rows, strict=True))))
        for classifier, rows in zip(classifiers, told, strict=True)
    ]


def _window(
    classifier: OnnxClassifier, clip: Clip, number: int, folder: ClipFolder, camera: Camera | None
) -> Points:
    contract = classifier.contract
    if camera and clip.space != 'world':
        raise DatasetError(
            f"{folder.path}: clip {clip.id!r} is of space {clip.space!r}, a camera sees 'world'"
        )
    space = 'image' if camera else clip.space
    if space != contract.space:
        remedy = (
            ', which --view camera shows' if (space, contract.space) == ('world', 'image') else ''
        )
        raise DatasetError(
            f'{folder.path}: clip {clip.id!r} is of space {space!r}, '
            f'model {classifier.path} reads {contract.space!r}{remedy}'
        )
    window = clip_window(
        clip.points.astype(np.float32), clip.times_s,
        contract.clip_fit, contract.window_frames, contract.rate_hz,
    )  # fmt: skip
    return camera(window, number) if camera else window


def _classify(classifier: OnnxClassifier, window: Points) -> tuple[Probabilities, Probabilities]:
    fine = classifier.fine(window) if classifier.contract.fine_labels else np.empty(0, np.float32)
    return classifier(window), fine


def _result(
    data: str, classifier: OnnxClassifier, facts: Sequence[tuple[str, str, str, str]], seen: _Seen
) -> ClipResult:
    contract = classifier.contract
    ids, shown, fine_shown, signers = zip(*facts, strict=True)
    figures = clip_figures(shown, seen.probabilities, contract.labels, signers)
    fine = None
    if set(fine_shown) <= set(contract.fine_labels):
        fine = clip_figures(fine_shown, seen.fine, contract.fine_labels, signers)
    said = [contract.labels[number] for number in seen.probabilities.argmax(axis=1)]
    mistakes = tuple(
        Mistake(*each, round(float(highest), 4))
        for each, highest in zip(
            zip(ids, shown, said, strict=True), seen.probabilities.max(axis=1), strict=True
        )
        if each[1] != each[2]
    )
    # People of other data may have the same names, and are others.
    never_seen = contract.held_out_signers if contract.training_data.startswith(data) else ()
    return ClipResult(contract.name, classifier.digest(), figures, fine, mistakes, never_seen)


def clip_report(folder: ClipFolder, results: Sequence[ClipResult], view: str) -> dict[str, Any]:
    """Everything, for scripts; the same clips and models give the same to the last digit.

    Args:
        folder: of the clips.
        results: of `evaluate_clips`.
        view: in which they were seen, one of VIEWS.
    """
    return {
        'format': FORMAT,
        'view': view,
        'data': {'name': folder.info.name, 'kind': folder.info.kind, 'clips': folder.count},
        'models': [
            {
                'name': each.name,
                'sha256': each.digest,
                'may_have_learned_from': list(each.learned_from),
                **each.figures.to_json(),
                'fine': each.fine.to_json() if each.fine else None,
                'mistakes': [vars(mistake) for mistake in each.mistakes],
            }
            for each in results
        ],
    }
