"""`sign-recognition evaluate --data` on tiny folders, and a model that looks at one wrist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import LABELS, contract, write_image_model, write_model
from typer.testing import CliRunner

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.cli import app
from sign_recognition.datasets.clip import Clip
from sign_recognition.datasets.clip_folder import open_folder
from sign_recognition.datasets.store import DatasetInfo, write_dataset
from sign_recognition.evaluation.clips import evaluate_clips
from sign_recognition.landmarks import RIGHT_HAND
from sign_recognition.model_contract import ImageInput

# SHREC'17 counts its 14 labels from 1.
RIGHT, LEFT = 7, 8
HIGH_X, LOW_X = 0.95, 0.05


def write_clip(root: Path, row: str, x: float) -> str:
    """A clip whose joints all lie at x; the row of the list file that names it."""
    gesture, fingers, subject, essai, _, _, frames = row.split()
    folder = root / f'gesture_{gesture}/finger_{fingers}/subject_{subject}/essai_{essai}'
    folder.mkdir(parents=True)
    line = ' '.join([f'{x} 0.1 0.4'] * 22)
    (folder / 'skeletons_world.txt').write_text((line + '\n') * int(frames))
    return row


@pytest.fixture
def root(tmp_path):
    """Two signers; of signer 3's two clips one looks like the other gesture."""
    root = tmp_path / 'shrec'
    rows = [
        write_clip(root, f'{RIGHT} 1 2 1 {RIGHT} 13 9', HIGH_X),
        write_clip(root, f'{LEFT} 2 3 1 {LEFT} 16 5', LOW_X),
        write_clip(root, f'{LEFT} 1 3 2 {LEFT} 15 5', HIGH_X),
    ]
    (root / 'test_gestures.txt').write_text('\r\n'.join(f'  {row} ' for row in rows) + '\r\n\r\n')
    return root


@pytest.fixture
def model(tmp_path):
    facts = contract(space='world', clip_fit='resample')
    return write_model(tmp_path / 'tiny.onnx', facts.to_metadata())


def run(*arguments):
    return CliRunner().invoke(app, ['evaluate', *map(str, arguments)])


def evaluated(tmp_path, *arguments):
    result = run(*arguments, '--report', tmp_path / 'report.json')
    assert result.exit_code == 0, result.output
    return json.loads((tmp_path / 'report.json').read_text())


def test_a_shrec_folder_needs_no_pyarrow(root, model):
    """As docs/evaluation.md promises: nothing but ONNX Runtime."""
    program = (
        'import sys\n'
        "sys.modules.update(dict.fromkeys(('pyarrow', 'tensorflow', 'keras')))\n"
        'from sign_recognition.cli import main\n'
        'main()'
    )
    arguments = ['evaluate', '--data', str(root), '--model', str(model)]
    ended = subprocess.run(
        [sys.executable, '-c', program, *arguments], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr


def test_clips_are_counted_by_label_and_signer(tmp_path, root, model):
    (told,) = evaluated(tmp_path, '--data', root, '--model', model)['models']
    assert told['clips'] == 3
    assert told['clip_accuracy'] == pytest.approx(2 / 3)
    assert told['signers'] == {'2': 1.0, '3': 0.5}
    assert told['clip_signer_worst'] == 0.5
    assert told['confusion'][LABELS.index('Swipe Left')] == [1, 1, 0]
    assert told['classes']['Swipe Left']['recall'] == 0.5
    (mistake,) = told['mistakes']
    assert mistake['clip'] == f'gesture_{LEFT}/finger_1/subject_3/essai_2'
    assert (mistake['shown'], mistake['said']) == ('Swipe Left', 'Swipe Right')
    assert told['fine'] is None


def test_the_report_is_the_same_twice(tmp_path, root, model):
    evaluated(tmp_path, '--data', root, '--model', model, '--html', tmp_path / 'page.html')
    first = (tmp_path / 'report.json').read_bytes()
    evaluated(tmp_path, '--data', root, '--model', model)
    assert (tmp_path / 'report.json').read_bytes() == first
    assert 'Swipe Left' in (tmp_path / 'page.html').read_text()


def test_a_data_set_is_scored_as_well(tmp_path, model):
    folder = tmp_path / 'set'
    folder.mkdir()
    points = np.full((4, 75, 3), np.nan, np.float32)
    points[:, RIGHT_HAND] = HIGH_X
    clip = Clip('one', 'Swipe Right', points, 10.0, 'anna', space='world')
    write_dataset(folder, DatasetInfo('mine', 'csv'), [clip, replace(clip, id='two')])
    content = evaluated(tmp_path, '--data', folder, '--model', model)
    assert content['data'] == {'name': 'mine', 'kind': 'csv', 'clips': 2}
    assert content['models'][0]['clip_accuracy'] == 1.0


def other_model(tmp_path, **changes):
    return write_model(tmp_path / 'other.onnx', contract(**changes).to_metadata())


@pytest.mark.parametrize(
    ('row', 'named'),
    [
        (f'{RIGHT} 1 9 1 {RIGHT} 13 9', r'subject_9/essai_1/skeletons_world\.txt: missing'),
        (f'{RIGHT} 1 2 1 {RIGHT} 13 8', r'skeletons_world\.txt: 594 numbers, 8 frames'),
        (f'{RIGHT} 1 2 1 {RIGHT} 9', r'test_gestures\.txt:1: 6 columns, allowed are 7'),
        ('', 'holds no clip'),
    ],
)
def test_a_broken_folder_is_one_line(tmp_path, root, model, row, named):
    (root / 'test_gestures.txt').write_text(row)
    refused(run('--data', root, '--model', model, '--report', tmp_path / 'r.json'), named)
    assert not (tmp_path / 'r.json').exists()


def refused(result, named):
    assert result.exit_code == 2
    assert result.stderr.count('\n') == 1
    assert result.stderr.startswith('error: ')
    assert re.search(named, result.stderr), result.stderr


def test_a_model_of_another_space_is_refused(tmp_path, root, model):
    of_images = other_model(tmp_path)
    refused(run('--data', root, '--model', of_images), "'world'.*reads 'image'.*--view camera")
    pytest.importorskip('tensorflow')
    seen = run('--data', root, '--view', 'camera', '--model', model)
    refused(seen, "of space 'image'.*reads 'world'$")


def test_each_clip_is_seen_through_the_camera(tmp_path, root):
    places = (HIGH_X, LOW_X, LOW_X)
    classifier = OnnxClassifier(other_model(tmp_path))
    (result,) = evaluate_clips(
        open_folder(root), [classifier], camera=lambda window, number: window * 0 + places[number]
    )
    assert result.figures.accuracy == 1.0


def test_the_virtual_camera_is_the_same_every_time(tmp_path, root):
    pytest.importorskip('tensorflow')
    options = ('--data', root, '--view', 'camera', '--model', other_model(tmp_path))
    content = evaluated(tmp_path, *options, '--html', tmp_path / 'page.html')
    assert content['view'] == 'camera'
    assert 'view: camera' in (tmp_path / 'page.html').read_text()
    assert evaluated(tmp_path, *options) == content


def test_a_camera_sees_metres_alone(tmp_path):
    pytest.importorskip('tensorflow')
    write_dataset(tmp_path, DatasetInfo('mine', 'csv'), [
        Clip('one', 'Swipe Right', np.full((4, 75, 3), 0.5, np.float32), 10.0, 'anna')
    ])  # fmt: skip
    seen = run('--data', tmp_path, '--view', 'camera', '--model', other_model(tmp_path))
    refused(seen, "'one' is of space 'image', a camera sees 'world'")


def test_a_view_is_known_and_of_clips(root, model):
    refused(run('--data', root, '--model', model, '--view', 'side'), 'recorded, camera')
    refused(run('bag', '--model', model, '--view', 'camera'), '--view: only together with --data')


def test_a_model_without_a_label_is_refused(tmp_path, root):
    model = other_model(tmp_path, space='world', labels=('Swipe Right', 'Tap', 'none'))
    refused(run('--data', root, '--model', model), r"labels: \['Swipe Left'\]")


def test_a_model_of_images_is_refused(tmp_path, root):
    model = write_image_model(tmp_path / 'images.onnx', contract(images=ImageInput(6, 4)))
    refused(run('--data', root, '--model', model), 'reads images')


def test_signers_from_whom_a_model_may_have_learned_are_named(tmp_path, root, model):
    assert 'may have learned' not in run('--data', root, '--model', model).output
    signers = evaluate_clips(open_folder(root), [OnnxClassifier(Path(model))])[0].figures.signers
    first, *others = sorted(signers)
    for data, is_told in ((open_folder(root).info.name, True), ('other data', False)):
        partly = other_model(
            tmp_path, space='world', held_out_signers=(first,), training_data=f'{data} without'
        )
        report = tmp_path / 'report.json'
        told = run('--data', root, '--model', partly, '--report', report).output
        (told_in_file,) = json.loads(report.read_text())['models']
        assert told_in_file['may_have_learned_from'] == (others if is_told else [])
        assert (f'never seen {first} alone, not {", ".join(others)}' in told) == is_told


@pytest.mark.parametrize(
    'more',
    [['bag'], ['--topic', 'x'], ['--silent'], ['--no-mirrored'], ['--solution', 'holistic']],
)
def test_recordings_and_clips_exclude_each_other(root, model, more):
    refused(run('--data', root, '--model', model, *more), 'not together with --data')


def test_nothing_to_evaluate_is_refused(model):
    refused(run('--model', model), 'RECORDINGS: none')


def test_a_missing_folder_is_named(tmp_path, model):
    refused(run('--data', tmp_path / 'nowhere', '--model', model), 'nowhere')
