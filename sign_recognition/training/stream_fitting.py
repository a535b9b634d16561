"""Fits a model to windows of streams, epoch by epoch, and goes on where it broke off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress

from sign_recognition.atomic import whole_file, write_whole
from sign_recognition.parallel import Workers
from sign_recognition.training import architectures
from sign_recognition.training.foreign import real_hands
from sign_recognition.training.settings import ConfigError
from sign_recognition.training.stream_config import CLASS_NAMES, StreamConfig
from sign_recognition.training.stream_data import Batches, Material, StreamPool
from sign_recognition.training.windows import WindowSource

CHECKPOINT = 'checkpoint.keras'
PROGRESS = 'progress.json'
# From landmarks to features, which has nothing to learn, and from features to all that has a loss.
Parts = tuple[keras.Model, keras.Model]


def build_model(config: StreamConfig) -> tuple[keras.Model, keras.Model, keras.Model]:
    """The model of a configuration, and its two parts, which share its layers.

    Returns:
        The whole, from landmarks to probabilities and embedding; the part from landmarks to
        features, which has nothing to learn; the part from features to all that has a loss.

    Raises:
        ValueError: there is no such architecture, or it does not read landmarks.
    """
    architecture = architectures.find(config.architecture)
    whole = architecture.build(
        config.window_frames, len(CLASS_NAMES), **config.architecture_options
    )
    if whole.input.name != 'landmarks':
        raise ValueError(
            f'architecture: {config.architecture} reads {whole.input.name}, '
            'allowed here is one that reads landmarks'
        )
    front, back = architectures.split(whole)
    learned = {name: back.output[name] for name in _losses(config)}
    return whole, front, keras.Model(back.input, learned)


def fit(
    config: StreamConfig, parts: Parts, material: Material, run_dir: Path, console: Console
) -> None:
    """Train the part that learns; what an earlier run in the folder has done is not done again.

    Args:
        config: how.
        parts: of `build_model`; the second gets its weights.
        material: what the streams are made of.
        run_dir: gets checkpoint.keras and progress.json after each epoch.
        console: where progress goes.

    Raises:
        ConfigError: see `epochs_done`.
        KeyboardInterrupt: after Ctrl-C; the last whole epoch is in the folder.
    """
    front, back = parts
    done = epochs_done(run_dir, config)
    learner = back
    if done:
        console.print(f'going on after epoch {done}')
        learner = keras.models.load_model(run_dir / CHECKPOINT)
    batches = Batches(config.batch, [*_losses(config)])
    hands = real_hands(material.foreign)
    how = (config.rate_hz, config.window_frames, config.scripted_share)
    with Workers(WindowSource, material.takes, hands, material.foreign, *how) as workers:
        pool = StreamPool(config, workers, lambda w: np.asarray(front.predict_on_batch(w)))
        for epoch in range(done, config.epochs):
            batches.examples = pool.epoch(np.random.default_rng((config.seed, epoch)), console)
            steps = config.epochs * len(batches)
            if epoch == 0:
                _compile(learner, config, steps)
            elif epoch == done:
                learner.optimizer.learning_rate = _schedule(config, steps)
            with Progress(console=console, transient=True) as bar:
                history = learner.fit(batches, verbose=0, callbacks=[_Advance(bar)]).history
            console.print(
                f'epoch {epoch + 1}/{config.epochs}: {len(batches.examples.classes)} windows, '
                + ', '.join(f'{key} {value[-1]:.3f}' for key, value in history.items())
            )
            _save(learner, epoch + 1, run_dir)
    back.set_weights(learner.get_weights())


def epochs_done(run_dir: Path, config: StreamConfig) -> int:
    """How many epochs an earlier run in the folder has done.

    Raises:
        ConfigError: more than are asked for, or its progress.json is broken.
    """
    file = run_dir / PROGRESS
    if not file.is_file():
        return 0
    try:
        done = int(json.loads(file.read_text(encoding='utf-8'))['epochs'])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f'{file}: does not say how many epochs are done; allowed is a new folder'
        ) from error
    if done > config.epochs:
        raise ConfigError(
            f'epochs: {config.epochs}, allowed are {done}, which {run_dir} has done, or more'
        )
    return done


def _save(learner: keras.Model, epochs: int, run_dir: Path) -> None:
    """Ctrl-C between the lines costs an epoch, never the run."""
    with whole_file(run_dir / CHECKPOINT) as unfinished:
        learner.save(unfinished)
    write_whole(run_dir / PROGRESS, json.dumps({'epochs': epochs}))


def _compile(model: keras.Model, config: StreamConfig, steps: int) -> None:
    model.compile(
        keras.optimizers.AdamW(_schedule(config, steps), weight_decay=0.02, clipnorm=1.0),
        {name: loss for name, (loss, _) in _losses(config).items()},
        loss_weights={name: weight for name, (_, weight) in _losses(config).items()},
        metrics={'probabilities': ['accuracy']},
    )


def _losses(config: StreamConfig) -> Mapping[str, tuple[Any, float]]:
    architecture = architectures.find(config.architecture)
    return architecture.losses(config.label_smoothing, **config.architecture_options)


def _schedule(config: StreamConfig, steps: int) -> keras.optimizers.schedules.CosineDecay:
    """Learning rates of a whole run: a short rise, then half a cosine."""
    warmup_steps = max(steps // 20, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - warmup_steps,
        warmup_target=config.learning_rate,
        warmup_steps=warmup_steps,
        alpha=0.01,
    )


class _Advance(keras.callbacks.Callback):  # type: ignore[misc]
    """Moves a progress bar while an epoch runs."""

    def __init__(self, bar: Progress) -> None:
        super().__init__()
        self._bar = bar

    def on_train_begin(self, logs: Any = None) -> None:
        self._task = self._bar.add_task('windows', total=self.params['steps'])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._bar.advance(self._task)
