"""Shows rendered signers to the shipped live model, and writes the table of its card.

    .venv/bin/python scripts/evaluate_signers.py

No time passes as it does live: each image is looked at, however long that takes. So the figures are
the same every time, and those of the live graph are others by an event or two. It takes a quarter
of an hour on two cores, for MediaPipe has to look at every image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rich.progress import track

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.metrics import Outcome, Outcomes
from sign_recognition.evaluation.replay import detect, trace
from sign_recognition.parallel import Workers
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sources.rendered import RenderedCamera
from tables import put_tables

CARD = Path(__file__).parents[1] / 'resource' / 'models' / 'shrec17_live.md'
SIZE_PX, RATE_HZ, SECONDS = (640, 480), 30.0, 165
# By the first something was chosen, by the others nothing: see the card.
SEEN, BLIND = range(7), range(7, 11)


def show(seed: int, classifier: OnnxClassifier) -> Outcome:
    """What the model makes of one signer."""
    camera = RenderedCamera(SIZE_PX, RATE_HZ, mirrored=True, seed=seed)
    detector = make_detector(DetectorConfig())
    try:
        frames = islice(detect(camera, detector), round(SECONDS * RATE_HZ) + 1)
        told = trace(frames, Recognizer(classifier))
    finally:
        detector.close()
    truth = tuple(Interval(x.label, x.start_s, x.end_s) for x in camera.truth(SECONDS))
    return Outcome(str(seed), SECONDS, classifier.contract.labels, told, truth)


def line(name: str, outcomes: Outcomes) -> str:
    """A row of the table."""
    found, shown = sum(len(each.found()) for each in outcomes), metrics.shown_count(outcomes)
    share, false = metrics.detection_rate(outcomes), metrics.false_per_hour(outcomes) / 60
    wrong = [f'{each.label} missed' for one in outcomes for each in metrics.missed(one)]
    wrong += [f'{each.label} false' for one in outcomes for each in one.false]
    told = ', '.join(wrong) if len(outcomes) == 1 else ''
    return f'| {name} | {found} of {shown} | {share:.3f} | {false:.2f} | {told} |'


def lines(digest: str, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table."""
    yield f'Model `shrec17_live` (sha256 {digest}), {SECONDS} s of each signer.'
    yield from ('', '| signer | found | of those shown | false events a minute | wrong |')
    yield '|---|---|---|---|---|'
    for seeds, name in ((SEEN, 'those who were looked at'), (BLIND, 'the blind ones')):
        some = [each for each in outcomes if int(each.name) in seeds]
        yield from (line(each.name, [each]) for each in some)
        yield line(f'**{name}**', some)


def main() -> None:
    """Show all, and put the table into the card."""
    model = model_file('shrec17_live')
    seeds = [*SEEN, *BLIND]
    with Workers(OnnxClassifier, model) as workers:
        outcomes = [*track(workers.map(show, seeds), 'signers', len(seeds))]
    put_tables(CARD, 'signers', lines(OnnxClassifier(model).digest(), outcomes))


if __name__ == '__main__':
    main()
