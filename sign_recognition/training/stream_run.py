"""One training on streams, from data to the folder with the model and its figures."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from rich.console import Console

from sign_recognition.datasets.clip_folder import ClipFolder, open_folder
from sign_recognition.decision import DecisionThresholds
from sign_recognition.landmarks import Points
from sign_recognition.model_contract import ModelContract
from sign_recognition.training.calibrate import (
    Predict,
    choose_thresholds,
    clip_accuracy,
    predict_streams,
    score_streams,
)
from sign_recognition.training.clip_run import learn
from sign_recognition.training.export import MODEL_FILE, export, export_tflite
from sign_recognition.training.fitting import STATE
from sign_recognition.training.odds import weigh
from sign_recognition.training.refinement import Refinement, keep_normalisations
from sign_recognition.training.run_folder import begin_run, check_run
from sign_recognition.training.second_opinion import SecondOpinion, consult
from sign_recognition.training.stream_config import CLASS_NAMES, OPINION_FOLDER, StreamConfig
from sign_recognition.training.stream_data import Material, read_material
from sign_recognition.training.stream_fitting import (
    PROGRESS,
    Parts,
    build_model,
    epochs_done,
    fit,
)
from sign_recognition.training.streams import foreign_stream, make_stream

REFINEMENT_FOLDER = 'refinement'
# What only the end of a run reads: a finished one is measured anew with others. A refinement and a
# second opinion are trained in folders of their own, which refuse another configuration of them.
_AT_THE_END = ('scored_streams', 'odds', 'decision')
_FREE = (*_AT_THE_END, 'name', 'epochs', 'refinement', 'second_opinion')


def train(
    config: StreamConfig, data_dir: Path, run_dir: Path, console: Console | None = None
) -> Path:
    """Train, calibrate and export; a run that was broken off goes on where it was.

    Args:
        config: the run.
        data_dir: the folder of the data sets.
        run_dir: gets config.yaml, data.sha256, checkpoint.keras, progress.json, model.onnx and
            model.tflite, and folders of the refinement and the second opinion.
        console: where progress goes.

    Returns:
        The ONNX file.

    Raises:
        ConfigError: the folder holds another run, a run on other data, or more epochs than are
            asked for.
        ValueError: the architecture is refused, see build_model, or data are.
        KeyboardInterrupt: after Ctrl-C; the last whole epoch is kept in run_dir.
    """
    console = console or Console()
    keras.utils.set_random_seed(config.seed)
    # First, for all this may be refused, and to read the data takes minutes.
    whole, front, back = build_model(config)
    epochs_done(run_dir, config)
    check_run(run_dir, config, None, PROGRESS, _FREE)
    if config.refinement:
        own = config.refined(config.refinement)
        check_run(run_dir / REFINEMENT_FOLDER, own, None, PROGRESS, _AT_THE_END)
    if config.second_opinion:
        asked = config.second_opinion.without(config.held_out_signers)
        check_run(run_dir / OPINION_FOLDER, asked, None, STATE)
    material = read_material(config, data_dir, run_dir / 'material', console)
    console.print(
        f'{len(material.takes)} clips to train on, {len(material.held_out_takes)} held out, '
        f'{len(material.foreign)} foreign recordings'
    )
    begin_run(run_dir, config, material.fingerprint(), PROGRESS, _FREE)
    fit(config, (front, back), material, run_dir, console)
    if config.refinement:
        _refine(config.refinement, config, (front, back), material, run_dir, console)
    model = weigh(whole, CLASS_NAMES, config.odds)
    if config.second_opinion:
        folder = open_folder(data_dir / config.shrec17)
        model = _consulting(config.second_opinion, model, config, folder, run_dir, console)
    return finish(config, model, material, run_dir, console)


def _refine(
    refinement: Refinement,
    config: StreamConfig,
    parts: Parts,
    material: Material,
    run_dir: Path,
    console: Console,
) -> None:
    """Go on with a trained model in a folder of its own."""
    own = config.refined(refinement)
    folder = run_dir / REFINEMENT_FOLDER
    begin_run(folder, own, material.fingerprint(), PROGRESS, _AT_THE_END)
    _, back = parts
    before = back.get_weights()
    keep_normalisations(back)
    fit(own, parts, material, folder, console)
    back.set_weights(refinement.mean(before, back.get_weights()))


def _consulting(
    opinion: SecondOpinion,
    model: keras.Model,
    config: StreamConfig,
    folder: ClipFolder,
    run_dir: Path,
    console: Console,
) -> keras.Model:
    """The model and the network that it asks, trained here on the same people's clips."""
    clip_config = opinion.without(config.held_out_signers)
    trained, clips = learn(clip_config, folder, run_dir / OPINION_FOLDER, console)
    if trained.figures:
        console.print(f'second opinion: {trained.figures.accuracy:.3f} of the clips held out')
    return consult(model, CLASS_NAMES, trained.model, clips.labels, opinion)


def finish(
    config: StreamConfig, model: keras.Model, material: Material, run_dir: Path, console: Console
) -> Path:
    """Measure on what was held out, choose the thresholds, export."""
    probabilities = keras.Model(model.input, model.output['probabilities'])

    def predict(windows: Points) -> npt.NDArray[np.float32]:
        return np.asarray(probabilities.predict(windows, batch_size=512, verbose=0))

    contract = measure(config, predict, material)
    path = run_dir / MODEL_FILE
    difference = export(model, contract, path)
    lite_difference = export_tflite(model, contract, path.with_suffix('.tflite'))
    differences = {'keras_onnx_difference': difference, 'keras_tflite_difference': lite_difference}
    console.print({**contract.metrics, **differences})
    console.print(asdict(contract.decision))
    return path


def measure(config: StreamConfig, predict: Predict, material: Material) -> ModelContract:
    """The contract of a trained model: thresholds given, and figures measured on all held-out
    streams; or thresholds chosen on one half of them, and figures measured on the other."""
    rng = np.random.default_rng((config.seed, 1))
    contract = ModelContract(
        config.name, CLASS_NAMES, config.rate_hz, config.window_frames, config.architecture,
        _training_data(config), date.today().isoformat(),
        held_out_signers=config.held_out_signers,
        held_out_footage=tuple(sorted({each.source for each in material.held_out_foreign})),
    )  # fmt: skip
    if not material.held_out_takes:
        return replace(contract, decision=DecisionThresholds(**config.decision))
    takes = material.held_out_takes
    streams = [make_stream(takes, rng, config.rate_hz) for _ in range(config.scored_streams)]
    foreign = [
        foreign_stream(each.hands, each.stamps_s, rng, config.rate_hz)
        for each in material.held_out_foreign
    ]
    scores = predict_streams(predict, streams, CLASS_NAMES, config.window_frames)
    foreign_scores = predict_streams(predict, foreign, CLASS_NAMES, config.window_frames)
    thresholds = (
        DecisionThresholds(**config.decision)
        if config.decision
        else choose_thresholds(
            streams[::2], scores[::2], foreign[::2], foreign_scores[::2], CLASS_NAMES
        )
    )
    unseen = slice(None) if config.decision else slice(1, None, 2)
    own = score_streams(streams[unseen], scores[unseen], CLASS_NAMES, thresholds)
    other = score_streams(foreign[unseen], foreign_scores[unseen], CLASS_NAMES, thresholds)
    accuracy, _ = clip_accuracy(
        predict, takes, CLASS_NAMES, config.window_frames, config.rate_hz, rng
    )
    metrics = {
        'clip_accuracy': accuracy,
        'stream_recall': own.recall,
        'stream_false_per_minute': own.false_per_minute,
        'stream_median_delay_s': own.median_delay_s,
        'foreign_false_per_minute': other.false_per_minute,
    }
    known = {name: value for name, value in metrics.items() if not math.isnan(value)}
    return replace(contract, metrics=known, decision=thresholds)


def _training_data(config: StreamConfig) -> str:
    parts = ["SHREC'17 track (De Smedt et al. 2017) through a virtual camera"]
    if config.held_out_signers:
        parts.append(f'without signers {", ".join(config.held_out_signers)}')
    refined = config.refined(config.refinement) if config.refinement else config
    if config.scripted_share or refined.scripted_share:
        parts.append("people who do not exist, by the rendered signer's script")
    parts += [f'video/{each} as none' for each in config.foreign_videos]
    if config.foreign_asl8_clips:
        parts.append(f'{config.foreign_asl8_clips} clips of asl8 as none')
    return '; '.join(parts)
