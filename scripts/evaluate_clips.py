"""Evaluates real people's clips as bags, and writes the tables of the model's card.

    .venv/bin/python scripts/evaluate_clips.py [DATA]

DATA holds video/ with truth.csv; by default shared/data beside the checkout. The clips may not be
redistributed. It takes about a minute, for MediaPipe has to look at every image.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from program import run_program
from sign_recognition.evaluation.words import figure_name, figure_text
from tables import put_tables

ROOT = Path(__file__).parents[1]
CARD = ROOT / 'resource' / 'models' / 'shrec17_live.md'
# Where the truth says what was performed, and where nothing was.
KNOWN = ('ryker_gestures', 'aiforever_gifs')
FOREIGN = ('chalearn_nmadapan', 'wave_imishra')
# truth.csv tells motions in the image; the clips are taken for mirror images.
MOTIONS = {
    'left': 'Swipe Left',
    'right': 'Swipe Right',
    'up': 'Swipe Up',
    'down': 'Swipe Down',
    'tap': 'Tap',
}


def evaluate_as_bags(video: Path, folder: Path) -> dict[str, Any]:
    """Make bags of the clips, and evaluate these; the report."""
    bags, report = folder / 'bags', folder / 'report.json'
    pairs = [word for pair in MOTIONS.items() for word in ('--truth-map', '='.join(pair))]
    known, foreign = ([video / name for name in names] for names in (KNOWN, FOREIGN))
    run_program('evaluate', *known, '--truth', video / 'truth.csv', *pairs, '--landmarks', bags)
    run_program('evaluate', *foreign, '--silent', '--landmarks', bags)
    run_program('evaluate', bags, '--report', report)
    content: dict[str, Any] = json.loads(report.read_text())
    return content


def tables(report: dict[str, Any]) -> Iterator[str]:
    """The lines of the tables."""
    model = report['models'][0]
    known = [each for each in report['recordings'] if each['truth_known']]
    yield (
        f'Model `{model["name"]}` (sha256 {model["sha256"]}), {len(known)} clips, '
        f'{sum(each["seconds"] for each in known):.0f} s, {model["counts"]["shown"]} gestures.'
    )
    yield from ('', '| figure | |', '|---|---|')
    for name, value in model['figures'].items():
        text = '–' if value is None else figure_text(name, value)
        yield f'| {figure_name(name)} | {text} |'
    yield from ('', '| clip | told | missed (images with a hand) |', '|---|---|---|')
    for each in known:
        row = model['recordings'][each['name']]
        if row['events'] or row['missed']:
            told = ', '.join(told_text(event) for event in row['events'])
            missed = ', '.join(map(missed_text, row['missed']))
            yield f'| {each["name"].removeprefix("bags/")} | {told} | {missed} |'


def told_text(event: dict[str, Any]) -> str:
    """An event in words; false ones are bold."""
    text = f'{event["label"]} at {event["announced"]:.2f} s'
    return text if event['right'] else f'**false: {text}**'


def missed_text(gesture: dict[str, Any]) -> str:
    """A missed gesture in words, with the share of its images in which a hand was seen."""
    seen = gesture['hand_seen']
    return gesture['label'] if seen is None else f'{gesture["label"]} ({seen:.0%})'


def main() -> None:
    """Evaluate, and put the tables into the card."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / 'shared' / 'data'
    with tempfile.TemporaryDirectory() as name:
        put_tables(CARD, 'clips', tables(evaluate_as_bags(data / 'video', Path(name))))


if __name__ == '__main__':
    main()
