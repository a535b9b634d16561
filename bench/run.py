"""How fast the graph is, beside the same work in one loop without ROS; and evaluation.

    make bench

Both read one recorded clip of the rendered signer, 640x480 at 30 Hz, in turn and several times in
the same run, because machines drift: compare the ratios, not single figures.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.detector import DetectorConfig, make_detector
from sign_recognition.evaluation.recordings import (
    BagRecording,
    VideoRecording,
    write_landmarks,
)
from sign_recognition.evaluation.replay import trace
from sign_recognition.landmarks import LandmarkFrame, empty_points
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sequence import SequenceBuffer
from sign_recognition.sources.files import VideoFile
from sign_recognition.sources.player import Player
from sign_recognition.sources.rendered import RenderedCamera
from sign_recognition.stream_statistics import Percentiles

SIZE_PX, RATE_HZ = (640, 480), 30.0
# As in config/landmark.yaml.
DETECTOR = DetectorConfig()
WARM_UP_S = 1.0

console = Console()


def record_clip(path: Path, duration_s: float) -> None:
    """Film the rendered signer into an MJPEG file."""
    camera = RenderedCamera(SIZE_PX, RATE_HZ, mirrored=True, seed=0)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), RATE_HZ, SIZE_PX)
    for _ in track(range(round(duration_s * RATE_HZ)), 'filming the signer', console=console):
        writer.write(camera.read().image_bgr)
    writer.release()


def bare_loop(clip: Path) -> dict[str, float]:
    """Read, detect and recognise in one process: rate and age of the image when all is done."""
    player = Player(lambda: VideoFile(clip, SIZE_PX), time.monotonic, time.sleep)
    detector = make_detector(DETECTOR)
    recognizer = Recognizer(OnnxClassifier(model_file('')))
    ages_s, begins_s = [], time.monotonic()
    while (shot := player.next()) is not None:
        image_rgb = cv2.cvtColor(shot.image_bgr, cv2.COLOR_BGR2RGB)
        recognizer.step(detector.detect(image_rgb, round(shot.stamp_s * 1e9)))
        ages_s.append(time.monotonic() - shot.stamp_s)
    duration_s = time.monotonic() - begins_s
    figures = Percentiles.of_seconds(ages_s[round(WARM_UP_S * RATE_HZ) :])
    return {'rate_hz': len(ages_s) / duration_s, 'p50_ms': figures.p50_ms, 'p95_ms': figures.p95_ms}


def graph(clip: Path, folder: Path) -> dict[str, float]:
    """The live graph on the same clip: rate and age of the image when its command is heard."""
    report = folder / 'report.json'
    program = Path(sysconfig.get_path('scripts')) / 'sign-recognition'
    command = [sys.executable, program, 'live', '--source', clip, '--report', report, '--plain']
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)
    figures = json.loads(report.read_text())
    latency = figures['latency_ms']['camera_to_command']
    return {'rate_hz': figures['rate_hz'], 'p50_ms': latency['p50'], 'p95_ms': latency['p95']}


def compare(clip: Path, folder: Path, rounds: int) -> None:
    """Loop and graph in turn."""
    pairs = []
    for number in range(1, rounds + 1):
        console.print(f'round {number} of {rounds}: the loop, then the graph')
        pairs.append((bare_loop(clip), graph(clip, folder)))
    table = Table('', 'Hz', 'p50 ms', 'p95 ms', title='camera to command, median of the rounds')
    for name, index in (('one loop without ROS', 0), ('the graph of four nodes', 1)):
        row = [
            statistics.median(p[index][k] for p in pairs) for k in ('rate_hz', 'p50_ms', 'p95_ms')
        ]
        table.add_row(name, *(f'{value:.1f}' for value in row))
    console.print(table)
    rates = sorted(g['rate_hz'] / b['rate_hz'] for b, g in pairs)
    added = sorted(g['p50_ms'] - b['p50_ms'] for b, g in pairs)
    console.print(f'rate, graph / loop: {rates[0]:.2f} to {rates[-1]:.2f}')
    console.print(f'median latency, graph - loop: {added[0]:+.1f} to {added[-1]:+.1f} ms')


def time_ms(work: Callable[[], object], count: int = 200) -> Percentiles:
    """How long one call takes."""
    durations_s = []
    for _ in range(count):
        began_s = time.perf_counter()
        work()
        durations_s.append(time.perf_counter() - began_s)
    return Percentiles.of_seconds(durations_s)


def parts(clip: Path) -> None:
    """What each part of a step costs."""
    camera = RenderedCamera(SIZE_PX, RATE_HZ, mirrored=True, seed=0)
    video = VideoFile(clip, SIZE_PX)
    images = [cv2.cvtColor(video.read().image_bgr, cv2.COLOR_BGR2RGB) for _ in range(200)]
    detector, following = make_detector(DETECTOR), iter(images)
    classifier = OnnxClassifier(model_file(''))
    facts = classifier.contract
    buffer = SequenceBuffer(facts.window_frames, facts.rate_hz)
    for index in range(120):
        points = empty_points() + np.float32(0.5)
        buffer.push(LandmarkFrame(index * 33_000_000, SIZE_PX, points))
    window = buffer.window()
    table = Table('', 'p50 ms', 'p95 ms', title='parts of a step')
    for name, work in (
        ('render the signer', camera.read),
        ('MediaPipe Hands', lambda: detector.detect(next(following), 0)),
        ('window of landmarks', buffer.window),
        ('model (ONNX Runtime, one core)', lambda: classifier(window)),
    ):
        figures = time_ms(work)
        table.add_row(name, f'{figures.p50_ms:.2f}', f'{figures.p95_ms:.2f}')
    console.print(table)


def evaluation(clip: Path, folder: Path) -> None:
    """How many times faster than real time a bag of landmarks is evaluated."""
    detector = make_detector(DETECTOR)
    source = VideoRecording(clip, clip.name)
    path = write_landmarks(folder, clip.name, source.load(lambda: detector, lambda: None), ())
    classifier = OnnxClassifier(model_file(''))
    began_s = time.perf_counter()
    recorded = BagRecording(path, path.name).load(lambda: detector, lambda: None)
    trace(recorded.frames, Recognizer(classifier))
    times = recorded.duration_s / (time.perf_counter() - began_s)
    console.print(f'evaluation of a bag of landmarks, one core: {times:.0f} times real time')


def main(
    rounds: Annotated[int, typer.Option(min=1, help='How often loop and graph take turns.')] = 3,
    duration: Annotated[float, typer.Option(min=5, help='Length of the clip, s.')] = 20.0,
) -> None:
    """Measure the parts, then the loop beside the graph."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / 'signer.avi'
        record_clip(clip, duration)
        parts(clip)
        evaluation(clip, folder)
        compare(clip, folder, rounds)


if __name__ == '__main__':
    typer.run(main)
