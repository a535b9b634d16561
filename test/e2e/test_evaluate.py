"""`sign-recognition evaluate` as a user runs it: images through MediaPipe and the shipped model."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from sign_recognition.sources.signer import Signer

RATE_HZ = 20
ORIGIN_NS = 1_700_000_000 * 10**9


def evaluate(*arguments):
    program = Path(sysconfig.get_path('scripts')) / 'sign-recognition'
    words = [sys.executable, str(program), 'evaluate', *map(str, arguments)]
    return subprocess.run(words, cwd='/', capture_output=True, text=True, timeout=120)


@pytest.fixture(scope='module')
def scene():
    """A signer who shakes the hand, and the images."""
    signer = Signer(seed=3, sequence=['Shake'], rest_s=(1.0, 1.2))
    (performance,) = signer.script(10.0)
    count = round((performance.end_s + 1.0) * RATE_HZ)
    return performance, [signer.render(index / RATE_HZ).image for index in range(count)]


def write_video(path, images):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), RATE_HZ, (640, 480))
    for image in images:
        writer.write(image)
    writer.release()
    return path


def write_bag(path, images):
    """JPEG images alone, by a tool that knows nothing of this package."""
    store = get_typestore(Stores.ROS2_HUMBLE)
    kind = 'sensor_msgs/msg/CompressedImage'
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/usb_cam/image_raw/compressed', kind, typestore=store)
        for index, image in enumerate(images):
            stamp_ns = ORIGIN_NS + round(index / RATE_HZ * 1e9)
            _, jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 90])
            stamp = store.types['builtin_interfaces/msg/Time'](
                sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9
            )
            header = store.types['std_msgs/msg/Header'](stamp=stamp, frame_id='usb_cam')
            message = store.types[kind](
                header=header, format='jpeg', data=np.frombuffer(jpeg.tobytes(), np.uint8)
            )
            writer.write(connection, stamp_ns, bytes(store.serialize_cdr(message, kind)))
    return path


def test_a_video_and_a_bag_of_images_are_evaluated_alike(scene, tmp_path):
    performance, images = scene
    recordings = tmp_path / 'recordings'
    recordings.mkdir()
    write_video(recordings / 'video.avi', images)
    write_bag(recordings / 'camera', images)
    truth = tmp_path / 'truth.csv'
    span = f'{performance.start_s},{performance.end_s},Shake'
    truth.write_text(f'clip,start,end,label\nvideo.avi,{span}\ncamera,{span}\n')
    report, page = tmp_path / 'report.json', tmp_path / 'page.html'
    run = evaluate(recordings, '--truth', truth, '--report', report, '--html', page)
    assert run.returncode == 0, run.stderr
    assert 'gestures found' in run.stdout
    assert 'W0000' not in run.stderr  # MediaPipe's notes
    content = json.loads(report.read_text())
    rows = content['models'][0]['recordings']
    assert [*rows] == ['recordings/camera', 'recordings/video.avi']
    for row, recording in zip(rows.values(), content['recordings'], strict=True):
        assert recording['images'] == len(images)
        assert recording['seconds'] == pytest.approx((len(images) - 1) / RATE_HZ, abs=0.01)
        # Proves the way through the command; how good the model is stands in its card.
        assert 'Shake' in [event['label'] for event in row['events']]
        assert row['missed'] == []
    assert page.read_text().startswith('<!DOCTYPE html>')


def test_what_is_evaluated_again_from_its_landmarks_is_the_same(scene, tmp_path):
    performance, images = scene
    video = write_video(tmp_path / 'video.avi', images)
    truth = tmp_path / 'truth.csv'
    truth.write_text(f'start,end,label\n{performance.start_s},{performance.end_s},Shake\n')
    first, again = tmp_path / 'first.json', tmp_path / 'again.json'
    options = ('--truth', truth, '--report', first, '--landmarks', tmp_path / 'bags')
    assert evaluate(video, *options).returncode == 0
    run = evaluate(tmp_path / 'bags' / 'video', '--baseline', first)
    assert run.returncode == 2  # another name is another recording
    (tmp_path / 'bags' / 'video').rename(tmp_path / 'bags' / 'video.avi')
    run = evaluate(
        tmp_path / 'bags' / 'video.avi', '--report', again, '--baseline', first, '--tolerance', 0
    )
    assert run.returncode == 0, run.stderr
    figures = [json.loads(p.read_text())['models'][0]['figures'] for p in (first, again)]
    assert figures[0] == figures[1]
