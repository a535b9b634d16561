"""One training on clips, from a folder of them to a folder with the model and its figures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from rich.console import Console

from sign_recognition.atomic import write_whole
from sign_recognition.classifier import FINE_OUTPUT_NAME, OUTPUT_NAME
from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation.clip_figures import ClipFigures, clip_figures
from sign_recognition.landmarks import POSE
from sign_recognition.model_contract import ModelContract
from sign_recognition.training import architectures, clip_augmentation, pictures
from sign_recognition.training.blocks import all_layers
from sign_recognition.training.body_features import MirrorTwins
from sign_recognition.training.clip_card import card
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import (
    Batches,
    ClipSet,
    Division,
    Rows,
    divide,
    read_clip_set,
)
from sign_recognition.training.clip_extras import prepare
from sign_recognition.training.either_hand import mirrored_places, read_either_hand
from sign_recognition.training.export import MODEL_FILE, export, export_tflite
from sign_recognition.training.fitting import STATE, FitState, architecture_losses, fit
from sign_recognition.training.odds import check_model_odds, weigh
from sign_recognition.training.run_folder import begin_run, fingerprint
from sign_recognition.training.settings import ConfigError

METRICS_FILE = 'metrics.json'
CARD_FILE = 'model_card.md'
_DRAWN_KEY_FRAMES = 8


@dataclass(frozen=True)
class Trained:
    """A trained model and what it is worth.

    Attributes:
        model: with all its outputs.
        division: the clips that it was trained and judged on.
        state: how training went.
        figures: on the held-out clips; None where none is held out.
        foreign_silence: share of the held-out foreign clips that it calls 'none'; NaN without.
        fine: figures of the finer labels; None where the model has none or none is held out.
    """

    model: keras.Model
    division: Division
    state: FitState
    figures: ClipFigures | None
    foreign_silence: float = float('nan')
    fine: ClipFigures | None = None


def run(config: ClipConfig, folder: ClipFolder, run_dir: Path, console: Console) -> Path:
    """Train, judge and export; a run that was broken off goes on where it was.

    Args:
        config: the run.
        folder: of the clips.
        run_dir: gets config.yaml, data.sha256, metrics.json, history.csv, pictures, model.onnx,
            model.tflite and model_card.md.
        console: where progress goes.

    Returns:
        The ONNX file.

    Raises:
        ConfigError: the configuration does not fit the clips, or the folder holds another run, or
            a run on other data.
        DatasetError: the clips cannot be read.
        KeyboardInterrupt: after Ctrl-C; the last checkpoint is kept in run_dir.
    """
    trained, clips = learn(config, folder, run_dir, console)
    return finish(config, trained, clips, folder, run_dir, console)


def learn(
    config: ClipConfig, folder: ClipFolder, run_dir: Path, console: Console
) -> tuple[Trained, ClipSet]:
    """Train and judge, without an export; the clips come with it. Arguments and errors: `run`."""
    clips = read_clip_set(folder, config, console)
    division = divide(clips, config)
    clips, division = prepare(clips, division, folder, config, console)
    model = build_model(config, clips)
    # Also of the division: it may change with scikit-learn, and who was trained on with it.
    data = fingerprint(*vars(clips).values(), *vars(division).values())
    begin_run(run_dir, config, data, STATE)
    console.print(
        f'{len(division.train)} clips to train on, {len(division.stop)} to tell when to stop, '
        f'{len(division.held_out)} held out; {len(clips.labels)} labels; '
        f'{model.count_params()} parameters'
    )
    return train_model(config, model, clips, division, run_dir, console), clips


def build_model(config: ClipConfig, clips: ClipSet) -> keras.Model:
    """The untrained model of a configuration.

    Raises:
        ConfigError: it does not read what the clips are, it could not tell their labels apart, or
            its options, odds or labels of a left hand are not as allowed.
        ArchitectureError: there is no such architecture.
    """
    keras.utils.set_random_seed(config.seed)
    architecture = architectures.find(config.arch)
    options = dict(config.options)
    if config.images is not None:
        options |= {'height': config.images.height, 'width': config.images.width}
    try:
        model = architecture.build(config.window_frames, len(clips.labels), **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f'options: {config.options}: {error}') from error
    reads = 'landmarks' if config.images is None else 'images'
    if model.input.name != reads:
        raise ConfigError(
            f'arch: {config.arch} reads {model.input.name}, the configuration gives {reads}'
        )
    _check_outputs(model, clips, config)
    _check_fine(model, clips)
    _check_twins(model, clips)
    return model


def _check_fine(model: keras.Model, clips: ClipSet) -> None:
    """Refuse clips that lack some of the finer labels that a model tells apart.

    Raises:
        ConfigError: there are more or fewer finer labels.
    """
    if FINE_OUTPUT_NAME not in model.output:
        return
    told, there = model.output[FINE_OUTPUT_NAME].shape[-1], len(clips.fine_labels)
    if told != there:
        raise ConfigError(f'options: {told} finer labels, the clips have {there}')


def _check_twins(model: keras.Model, clips: ClipSet) -> None:
    """Refuse labels with a direction to a model that answers mirror twins alike.

    Raises:
        ConfigError: it could not tell them apart, however long it learned.
    """
    directed = [label for label in clips.labels if clip_augmentation.has_direction(label)]
    if directed and any(isinstance(layer, MirrorTwins) for layer in all_layers(model)):
        raise ConfigError(
            f'options: twins of {model.name} answer mirror twins alike, and so cannot tell '
            f'{", ".join(directed)}; allowed is twins: false'
        )


def _check_outputs(model: keras.Model, clips: ClipSet, config: ClipConfig) -> None:
    """Refuse odds that the model cannot have, and a left hand whose labels there are not.

    Raises:
        ConfigError: as `check_model_odds` and `mirrored_places` refuse them.
    """
    try:
        check_model_odds(model, clips.labels, config.odds)
        mirrored_places(clips.labels, config.left_hand)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def train_model(
    config: ClipConfig,
    model: keras.Model,
    clips: ClipSet,
    division: Division,
    run_dir: Path | None,
    console: Console,
) -> Trained:
    """Fit a model and judge it on the held-out clips.

    Args:
        config: how.
        model: as built for the clips.
        clips: all clips.
        division: which clips are for what.
        run_dir: of checkpoints; None: there are none.
        console: where progress goes.
    """
    batches = Batches(clips, [*architecture_losses(config)], config)
    state = fit(model, config, batches, division, run_dir, console)
    model = weigh(model, clips.labels, config.odds)
    model = read_either_hand(model, clips.labels, clips.fine_labels, config.left_hand)
    figures = fine = None
    if division.held_out.size:
        figures = judge(predict(model, batches, division.held_out), clips, division.held_out)
        fine = _judge_fine(model, batches, clips, division.held_out)
    silence = _silence(model, batches, clips, division)
    return Trained(model, division, state, figures, silence, fine)


def _judge_fine(
    model: keras.Model, batches: Batches, clips: ClipSet, rows: Rows
) -> ClipFigures | None:
    if FINE_OUTPUT_NAME not in model.output:
        return None
    told = predict(model, batches, rows, FINE_OUTPUT_NAME)
    shown, signers = ([each[row] for row in rows] for each in (clips.fine, clips.signers))
    return clip_figures(shown, told, clips.fine_labels, signers)


def _silence(model: keras.Model, batches: Batches, clips: ClipSet, division: Division) -> float:
    if not division.foreign.size:
        return float('nan')
    told = predict(model, batches, division.foreign).argmax(axis=1)
    return float(np.mean(told == clips.labels.index(NONE_LABEL)))


def predict(
    model: keras.Model, batches: Batches, rows: Rows, output: str = OUTPUT_NAME
) -> npt.NDArray[np.float32]:
    """(N, classes) probabilities of clips as they are judged."""
    windows, _ = batches.scored(rows)
    probabilities = keras.Model(model.input, model.output[output])
    return np.asarray(probabilities.predict(windows, batch_size=256, verbose=0))


def judge(probabilities: npt.NDArray[np.float32], clips: ClipSet, rows: Rows) -> ClipFigures:
    """Figures of probabilities for some of the clips."""
    shown = [clips.shown[row] for row in rows]
    return clip_figures(shown, probabilities, clips.labels, [clips.signers[row] for row in rows])


def finish(
    config: ClipConfig,
    trained: Trained,
    clips: ClipSet,
    folder: ClipFolder,
    run_dir: Path,
    console: Console,
) -> Path:
    """Export a trained model and write down everything about it."""
    contract = make_contract(config, trained, clips, folder)
    path = run_dir / MODEL_FILE
    parity = {
        'keras_onnx_difference': export(trained.model, contract, path),
        'keras_tflite_difference': export_tflite(
            trained.model, contract, path.with_suffix('.tflite')
        ),
    }
    facts = _facts(config, trained, clips, path) | parity
    _draw(config, trained, clips, run_dir)
    write_whole(run_dir / METRICS_FILE, json.dumps(facts, indent=1, ensure_ascii=False) + '\n')
    write_whole(run_dir / CARD_FILE, card(config, contract, facts, folder))
    for name, value in _metrics(trained).items():
        console.print(f'{name} {value:.4f}')
    return path


def make_contract(
    config: ClipConfig, trained: Trained, clips: ClipSet, folder: ClipFolder
) -> ModelContract:
    """What the model file says of itself: figures only of signers whom training never saw."""
    unseen = trained.division.unseen_signers(clips)
    all_unseen = {clips.signers[row] for row in trained.division.held_out} == {*unseen}
    data = folder.info.name
    if unseen:
        data += f' without signers {", ".join(unseen)}'
    if config.foreign:
        data += f'; {", ".join(config.foreign)} as none'
    if config.view == 'camera':
        data += ', through a virtual camera'
    return ModelContract(
        config.name, clips.labels, config.rate_hz, config.window_frames, config.arch, data,
        date.today().isoformat(), space='image' if config.view == 'camera' else clips.space,
        metrics=_metrics(trained) if all_unseen else {}, images=config.images,
        clip_fit=config.clip_fit, body=_shows_bodies(clips),
        held_out_signers=unseen,
        held_out_footage=trained.division.footage,
        fine_labels=clips.fine_labels if FINE_OUTPUT_NAME in trained.model.output else (),
    )  # fmt: skip


def _metrics(trained: Trained) -> dict[str, float]:
    metrics = trained.figures.summary() if trained.figures else {}
    if trained.fine:
        metrics['clip_fine_accuracy'] = trained.fine.accuracy
    return metrics


def _shows_bodies(clips: ClipSet) -> bool:
    """Whether a model of these clips reads bodies; images are no matter."""
    return clips.windows.ndim == 4 and bool(np.isfinite(clips.windows[:, :, POSE]).any())


def _facts(config: ClipConfig, trained: Trained, clips: ClipSet, path: Path) -> dict[str, Any]:
    """What metrics.json holds."""
    parts = {
        name: getattr(trained.division, name) for name in ('train', 'stop', 'held_out', 'foreign')
    }
    signers = {
        name: sorted({clips.signers[row] for row in rows} - {''}) for name, rows in parts.items()
    }
    return {
        'name': config.name,
        'arch': config.arch,
        'revision': git_revision(),
        'seed': config.seed,
        'parameters': trained.model.count_params(),
        'file_bytes': path.stat().st_size,
        'clips': {name: len(rows) for name, rows in parts.items()},
        'clips_of_none': clips.shown.count(NONE_LABEL),
        'signers': signers,
        'held_out_of_unknown_signers': sum(
            not clips.signers[row] for row in trained.division.held_out
        ),
        'epochs': trained.state.epochs,
        'best_epoch': trained.state.best_epoch or trained.state.epochs,
        'training_cpu_s': round(trained.state.spent_s, 1),
        'held_out': trained.figures.to_json() if trained.figures else None,
        'held_out_fine': trained.fine.to_json() if trained.fine else None,
        'foreign_silence': None if np.isnan(trained.foreign_silence) else trained.foreign_silence,
    }


def _draw(config: ClipConfig, trained: Trained, clips: ClipSet, run_dir: Path) -> None:
    pictures.draw_history(run_dir / 'learning_curves.png', trained.state.history)
    if trained.figures:
        figures = trained.figures
        pictures.draw_confusion(run_dir / 'confusion.png', figures.labels, figures.confusion)
    if 'key_frame' in trained.model.output:
        rows = trained.division.held_out if trained.figures else trained.division.train
        _draw_key_frames(config, trained.model, clips, rows, run_dir / 'key_frames.png')


def _draw_key_frames(
    config: ClipConfig, model: keras.Model, clips: ClipSet, rows: Rows, path: Path
) -> None:
    """Of clips of as many labels as there is room for."""
    first_of_label: Mapping[str, int] = {clips.shown[row]: row for row in rows[::-1]}
    chosen = np.array([*first_of_label.values()][:_DRAWN_KEY_FRAMES])
    windows, _ = Batches(clips, (), config).scored(chosen)
    told = model.predict(windows, verbose=0)
    pictures.draw_key_frames(
        path,
        windows,
        told['key_frame'].argmax(axis=1),
        told['frame_probabilities'].max(axis=-1),
        [clips.shown[row] for row in chosen],
    )


def git_revision() -> str:
    """The revision of this code, '-dirty' where files differ from it; '' where git knows none."""
    command = ['git', 'describe', '--always', '--dirty', '--abbrev=40']
    try:
        told = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return told.stdout.strip()
