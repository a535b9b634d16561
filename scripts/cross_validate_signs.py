"""Cross-validates asl8_signs, sets its thresholds, and writes the tables of its card.

    .venv/bin/python scripts/cross_validate_signs.py DATA/asl8 [RUNS]

trains the five folds of config/train/asl8_signs.yaml and the model of all signers into RUNS
(runs), a folder each; those that are finished there are only read, and one that was broken off goes
on. DATA holds the data sets that the configuration names. The model of all signers gets the
figures of the folds and the thresholds that suit their models, and goes to resource/models.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from program import run_program
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.datasets.clip import Clip
from sign_recognition.datasets.clip_folder import open_folder
from sign_recognition.decision import DecisionPolicy, DecisionThresholds, EventKind
from sign_recognition.evaluation.clip_figures import ClipFigures, clip_figures
from sign_recognition.landmarks import LEFT_HAND, POSE, LandmarkFrame, Points
from sign_recognition.sequence import SequenceBuffer, clip_window
from sign_recognition.training.clip_config import read_config
from sign_recognition.training.export import MODEL_FILE, rewrite_contract
from sign_recognition.training.fitting import STATE
from sign_recognition.training.pictures import draw_confusion
from sign_recognition.training.run_folder import check_run
from tables import put_tables

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'config' / 'train' / 'asl8_signs.yaml'
MODEL = ROOT / 'resource' / 'models' / 'asl8_signs.onnx'
CARD = MODEL.with_suffix('.md')
PICTURE = ROOT / 'docs' / 'asl8_signs.png'
FOREIGN_VIDEOS = 'foreign_videos'
# Dictionary videos of the eight words, by other people and of this package's own tracker; the
# configuration keeps them out of training. The longest shows two more of the signs beside its own.
WORDS = {
    'asl_words/hello.mp4': 'hello',
    'asl_words/help.mp4': 'help',
    'asl_words/love.mp4': 'iloveyou',
    'asl_words/no.mp4': 'no',
    'asl_words/please.mp4': 'please',
    'asl_words/sorry.mp4': 'sorry',
    'asl_words/thankyou.mp4': 'thankyou',
    'asl_words/yes.mp4': 'yes',
}
# Of each fold so many clips are sewn into a stream, each between two rests of so long.
STREAM_CLIPS, REST_S = 90, 1.0
# A START counts for a sign from its beginning to this long after its end.
LATEST_S = 0.5
# What a false event a minute costs, in shares of the signs found.
FALSE_COST = 0.02
THRESHOLDS = [
    DecisionThresholds(start, min(start, 0.4), smoothing_s, dwell_s, 0.2, 0.1)
    for start, smoothing_s, dwell_s in itertools.product(
        (0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85), (0.05, 0.15), (0.1, 0.2, 0.3)
    )
]


@dataclass(frozen=True)
class Scored:
    """One stream as a model sees it.

    Attributes:
        label: of the sign in it; '' for foreign footage.
        begin_s: of the sign, or of the footage.
        end_s: of it.
        stamps_s: (F,) of the frames.
        probabilities: (F, classes).
    """

    label: str
    begin_s: float
    end_s: float
    stamps_s: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float32]


def trained(data: Path, fold: int | None, runs: Path) -> Path:
    """The ONNX file of a fold, or of all signers, trained if it has to be.

    Raises:
        ConfigError: the folder holds a run of another configuration.
    """
    name = 'asl8_signs' if fold is None else f'asl8_signs_fold{fold}'
    path = runs / name / MODEL_FILE
    check_run(path.parent, read_config(CONFIG, fold=fold), None, STATE)
    if not path.is_file():
        options = () if fold is None else ('--fold', fold)
        run_program('train', '--data', data, '--config', CONFIG, '--out', path.parent, *options)
    return path


def name_clips(
    model: OnnxClassifier, clips: Sequence[Clip]
) -> Iterator[tuple[str, str, npt.NDArray[np.float32]]]:
    """Label, signer and (classes,) probabilities of clips."""
    contract = model.contract
    for clip in clips:
        window = clip_window(
            clip.points.astype(np.float32), clip.times_s, contract.clip_fit,
            contract.window_frames, contract.rate_hz,
        )  # fmt: skip
        yield clip.label, clip.signer, model(window)


def between_rests(clip: Clip) -> tuple[Points, npt.NDArray[np.float64]]:
    """A clip between two rests: its first and its last body without hands.

    No camera's stream begins in the middle of a movement, as the footage does.
    """
    frames = round(REST_S * clip.rate_hz)
    points = clip.points.astype(np.float32)
    first, last = points[:1].copy(), points[-1:].copy()
    for rest in (first, last):
        rest[:, LEFT_HAND.start : POSE.start] = np.nan
    whole = np.concatenate([first.repeat(frames, 0), points, last.repeat(frames, 0)])
    return whole, np.arange(len(whole)) / clip.rate_hz


def stream(
    model: OnnxClassifier, points: Points, stamps_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """(F, classes) probabilities frame by frame.

    The live graph has the same, but says `none` where no hand has been seen for a while: what is
    found false in the second after a clip is more here than there.
    """
    contract = model.contract
    buffer = SequenceBuffer(contract.window_frames, contract.rate_hz)
    told = []
    for frame, stamp_s in zip(points, stamps_s, strict=True):
        buffer.push(LandmarkFrame(round(stamp_s * 1e9), (640, 480), frame))
        window = buffer.window()
        assert window is not None
        told.append(model(window))
    return np.array(told)


def score_streams(
    model: OnnxClassifier, clips: Sequence[Clip], foreign: Sequence[Clip], fold: int
) -> Iterator[Scored]:
    """Some of the held-out clips, and all of the held-out footage, as streams."""
    rng = np.random.default_rng(fold)
    # Every label is as likely as the others.
    by_label = {label: [c for c in clips if c.label == label] for label in model.contract.labels}
    labels = [label for label, some in by_label.items() if some]
    for _ in range(STREAM_CLIPS):
        some = by_label[labels[rng.integers(len(labels))]]
        clip = some[rng.integers(len(some))]
        yield score_clip(model, clip, clip.label)
    for clip in foreign:
        yield score_clip(model, clip, '')


def score_clip(model: OnnxClassifier, clip: Clip, label: str) -> Scored:
    """One clip as a stream."""
    points, stamps_s = between_rests(clip)
    end_s = stamps_s[-1] - REST_S
    return Scored(label, REST_S, end_s, stamps_s, stream(model, points, stamps_s))


@dataclass(frozen=True)
class Worth:
    """What thresholds are worth.

    Attributes:
        found: share of the signs with a START of their label in time.
        wrong: other STARTs a sign.
        false_per_minute: STARTs in foreign footage; NaN where there is none.
    """

    found: float
    wrong: float
    false_per_minute: float


def worth(scored: Sequence[Scored], labels: Sequence[str], thresholds: DecisionThresholds) -> Worth:
    """Run the decision over streams and count."""
    signs = found = wrong = false = 0
    minutes = 0.0
    for each in scored:
        policy = DecisionPolicy(labels, thresholds)
        starts = [
            (event.label, stamp_s)
            for stamp_s, row in zip(each.stamps_s, each.probabilities, strict=True)
            for event in policy.step(round(stamp_s * 1e9), row)
            if event.kind is EventKind.START
        ]
        if not each.label:
            false += len(starts)
            minutes += (each.end_s - each.begin_s) / 60
            continue
        right = [
            label == each.label and each.begin_s <= stamp_s <= each.end_s + LATEST_S
            for label, stamp_s in starts
        ]
        signs += 1
        found += any(right)
        wrong += len(right) - sum(right)
    return Worth(found / signs, wrong / signs, false / minutes if minutes else float('nan'))


def benefit(own: Worth, words: Worth) -> float:
    """The higher the better.

    The words count as much as all signs of the data set: they alone are of the tracker before which
    the model will stand, and in them it is less sure of a sign.
    """
    found = (own.found + words.found) / 2
    return found - own.wrong / 2 - FALSE_COST * own.false_per_minute


def tables(folds: Sequence[ClipFigures], figures: ClipFigures) -> Iterator[str]:
    """The lines of the tables."""
    yield from ('| fold | clips | accuracy | mean of its signers |', '|---|---|---|---|')
    for number, each in enumerate(folds):
        yield f'| {number} | {each.clips} | {each.accuracy:.3f} | {each.signer_mean:.3f} |'
    yield f'| **all** | {figures.clips} | **{figures.accuracy:.3f}** | {figures.signer_mean:.3f} |'
    yield from ('', '| sign | clips | recall | precision | F1 |', '|---|---|---|---|---|')
    for label, row in figures.classes.items():
        yield f'| {label} | {row.clips} | {row.recall:.3f} | {row.precision:.3f} | {row.f1:.3f} |'
    weak = [f'{s} {value:.2f}' for s, value in figures.signers.items() if value < 0.85]
    yield from ('', f'Of {len(figures.signers)} signers these are below 0.85: {", ".join(weak)}.')


def undoubted_lines(figures: ClipFigures) -> Iterator[str]:
    """The figures on the clips whose labels the configuration leaves alone."""
    signs = {label: row for label, row in figures.classes.items() if row.clips}
    yield f'On the {figures.clips} clips whose labels are not corrected in training:'
    yield f'{figures.accuracy:.3f}, mean of the signers {figures.signer_mean:.3f};'
    yield ', '.join(f'{label} {row.recall:.3f}' for label, row in signs.items()) + '.'


def threshold_lines(chosen: DecisionThresholds, half: Worth) -> Iterator[str]:
    """What the thresholds are worth on the half of the streams that did not choose them."""
    yield from (
        '',
        f'Thresholds: start at {chosen.start_score}, smoothing {chosen.smoothing_s} s, dwell '
        f'{chosen.dwell_s} s. On the half of the held-out streams that did not choose them '
        f'{half.found:.2f} of the signs are found, with {half.wrong:.2f} other events a sign, and '
        f'foreign footage gives {half.false_per_minute:.1f} false events a minute.',
    )


def start_lines(
    scored: Sequence[Scored],
    words: Sequence[Scored],
    labels: Sequence[str],
    chosen: DecisionThresholds,
) -> Iterator[str]:
    """What other starts than the chosen one would give."""
    yield from (
        '',
        '| start at | signs of the data set found in streams | signs of the eight videos found '
        '| false events a minute of footage |',
        '|---|---|---|---|',
    )
    for start in (0.4, 0.5, 0.6, 0.7, 0.8):
        thresholds = replace(chosen, start_score=start, end_score=min(start, chosen.end_score))
        own, other = (worth(each, labels, thresholds) for each in (scored, words))
        yield f'| {start} | {own.found:.2f} | {other.found:.2f} | {own.false_per_minute:.1f} |'


def write_model(path: Path, figures: ClipFigures, chosen: DecisionThresholds, half: Worth) -> None:
    """The model of all signers with the folds' figures and the thresholds."""
    contract = replace(
        OnnxClassifier(path).contract,
        decision=chosen,
        metrics={
            **figures.summary(),
            'stream_found': half.found,
            'foreign_false_per_minute': half.false_per_minute,
        },
    )
    rewrite_contract(path, contract, MODEL)


def main() -> None:
    """Train what is missing, judge it, and write down what came out."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    data = Path(sys.argv[1])
    runs = Path(sys.argv[2]) if len(sys.argv) > 2 else Path('runs')
    config = read_config(CONFIG)
    count = config.folds
    assert isinstance(count, int)
    clips = [*open_folder(data).clips()]
    foreign = [*open_folder(data.parent / FOREIGN_VIDEOS).clips()]
    named, scored, words, by_fold = [], [], [], []
    for fold in range(count):
        model = OnnxClassifier(trained(data, fold, runs))
        contract = model.contract
        held_out = [clip for clip in clips if clip.signer in contract.held_out_signers]
        own = [*name_clips(model, track(held_out, f'clips of fold {fold}'))]
        named += own
        by_fold.append(figures_of(own, contract.labels))
        apart = [c for c in foreign if f'{FOREIGN_VIDEOS}/{c.id}' in contract.held_out_footage]
        scored += [*score_streams(model, held_out, apart, fold)]
        words += [score_clip(model, c, WORDS[c.source]) for c in foreign if c.source in WORDS]
    labels = contract.labels
    figures = figures_of(named, labels)
    chosen = max(
        THRESHOLDS,
        key=lambda each: benefit(worth(scored[::2], labels, each), worth(words, labels, each)),
    )
    half = worth(scored[1::2], labels, chosen)
    write_model(trained(data, None, runs), figures, chosen, half)
    draw_confusion(PICTURE, figures.labels, figures.confusion)
    doubted = {(each['signer'], each['label']) for each in config.corrections}
    undoubted = [each for each in named if (each[1], each[0]) not in doubted]
    lines = [
        *tables(by_fold, figures),
        '',
        *undoubted_lines(figures_of(undoubted, labels)),
        *threshold_lines(chosen, half),
        *start_lines(scored, words, labels, chosen),
    ]
    put_tables(CARD, 'folds', lines)


def figures_of(
    named: Sequence[tuple[str, str, npt.NDArray[np.float32]]], labels: Sequence[str]
) -> ClipFigures:
    """Figures of what name_clips gives."""
    shown, signers, probabilities = zip(*named, strict=True)
    return clip_figures(shown, np.array(probabilities), labels, signers)


if __name__ == '__main__':
    main()
