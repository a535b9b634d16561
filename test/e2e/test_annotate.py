"""The rendered signer becomes an annotated video."""

from __future__ import annotations

import signal

import cv2
import numpy as np
import pytest

from sign_recognition.sources.signer import Signer


def test_the_signer_is_annotated(command, tmp_path):
    out = tmp_path / 'signer.mp4'
    run = command('annotate', 'signer', str(out), '--duration', '3')
    assert run.end() == 0, run.text()
    video = cv2.VideoCapture(str(out))
    assert video.get(cv2.CAP_PROP_FPS) == 30
    images = []
    while (read := video.read())[0]:
        images.append(read[1])
    assert len(images) == 90
    assert images[0].shape == (480, 640, 3)
    plain = Signer(seed=0, size_px=(640, 480), mirrored=True).render(60 / 30).image
    apart = np.abs(images[60].astype(int) - plain).max(axis=2) > 60
    assert apart[-80:, :240].mean() > 0.1  # the scores
    assert apart[80:-80].sum() > 200  # the hand
    assert [each.name for each in tmp_path.iterdir()] == ['signer.mp4']


def test_what_is_interrupted_leaves_nothing(command, tmp_path):
    run = command('annotate', 'signer', str(tmp_path / 'signer.mp4'), '--duration', '600')
    run.wait_for(lambda: [*tmp_path.iterdir()])
    run.process.send_signal(signal.SIGINT)
    assert run.end() != 0
    assert [*tmp_path.iterdir()] == []
    assert 'Traceback' not in run.text()


@pytest.mark.parametrize(
    ('words', 'named'),
    [
        (['/absent.mp4', 'OUT'], '/absent.mp4'),
        (['signer', 'OUT'], '--duration'),
        (['signer', '/absent/out.mp4', '--duration', '1'], '/absent'),
        (['OUT', 'OUT'], 'itself'),
        (['signer', 'out.avi', '--duration', '1'], 'out.avi'),
    ],
)
def test_what_cannot_be_annotated_is_one_clear_error(command, tmp_path, words, named):
    out = str(tmp_path / 'out.mp4')
    run = command('annotate', *[out if word == 'OUT' else word for word in words])
    assert run.end() == 2, run.text()
    assert named in run.text()
    assert len(run.lines) == 1
