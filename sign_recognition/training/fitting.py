"""Fits a model to clips: a budget, early stopping, checkpoints, and going on where it broke off."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress

from sign_recognition.atomic import whole_file, write_whole
from sign_recognition.training import architectures
from sign_recognition.training.clip_config import ClipConfig
from sign_recognition.training.clip_data import Batches, Division
from sign_recognition.training.settings import ConfigError

CHECKPOINT = 'checkpoint.weights.h5'
BEST = 'best.weights.h5'
STATE = 'state.json'
HISTORY = 'history.csv'
# An epoch may be shorter than writing it down.
_CHECKPOINT_PERIOD_S = 10.0
_LOWEST_RATE_SHARE = 0.01
_WARMUP_SHARE = 0.05


@dataclass
class FitState:
    """How far training has come.

    Attributes:
        epochs: whole passes that are done.
        spent_s: processor seconds that they took, without the first step, which builds the graph.
        best_epoch: after which the loss on the clips that tell when to stop was lowest; 0: none.
        best_loss: that loss.
        history: a row of figures per epoch.
        done: nothing is left to do.
    """

    epochs: int = 0
    spent_s: float = 0.0
    best_epoch: int = 0
    best_loss: float = float('inf')
    history: list[dict[str, float]] = field(default_factory=list)
    done: bool = False


def fit(
    model: keras.Model,
    config: ClipConfig,
    batches: Batches,
    division: Division,
    run_dir: Path | None,
    console: Console,
) -> FitState:
    """Train a model; what an earlier, broken run in the folder has done is not done again.

    Args:
        model: of `architectures`; gets its weights.
        config: how.
        batches: of the clips.
        division: which clips.
        run_dir: gets checkpoints and history; None: nothing is kept.
        console: where progress goes.

    Returns:
        How it went.

    Raises:
        ConfigError: the folder's state.json is broken.
        KeyboardInterrupt: after Ctrl-C; the last checkpoint is in the folder.
    """
    learner = compiled(model, config)
    keeper = _Keeper(run_dir, learner)
    state = keeper.resume(console)
    if not state.done:
        judge = _judge(learner, batches, division) if division.stop.size else None
        with Progress(console=console, transient=True) as bar:
            conductor = _Conductor(config, state, batches.steps(division.train), judge, keeper, bar)
            learner.fit(
                batches.train(division.train, state.epochs),
                steps_per_epoch=batches.steps(division.train),
                initial_epoch=state.epochs,
                epochs=config.epochs,
                callbacks=[conductor],
                shuffle=False,  # the batches are shuffled
                verbose=0,
            )
        if judge:
            keeper.take_best()
        state.done = True
        keeper.save(state)
    return state


def compiled(model: keras.Model, config: ClipConfig) -> keras.Model:
    """The outputs of a model that have a loss, ready to learn."""
    losses = architecture_losses(config)
    learner = keras.Model(model.input, {name: model.output[name] for name in losses})
    optimizer = keras.optimizers.AdamW(
        config.learning_rate,
        weight_decay=config.weight_decay,
        clipnorm=1.0,
        use_ema=config.ema > 0,
        ema_momentum=config.ema or 0.99,
    )
    learner.compile(
        optimizer,
        {name: loss for name, (loss, _) in losses.items()},
        loss_weights={name: weight for name, (_, weight) in losses.items()},
        metrics={'probabilities': ['accuracy']},
    )
    return learner


def architecture_losses(config: ClipConfig) -> Mapping[str, tuple[Any, float]]:
    """Output to loss and weight, of the configured architecture."""
    return architectures.find(config.arch).losses(config.label_smoothing, **config.options)


@contextmanager
def _averaged(model: keras.Model) -> Iterator[None]:
    """Meanwhile the model has the running mean of its weights, where one is kept."""
    weights = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        model.set_weights(weights)


def _judge(
    learner: keras.Model, batches: Batches, division: Division
) -> Callable[[], dict[str, float]]:
    """Figures on the clips that tell when to stop."""
    windows, truth = batches.scored(division.stop)

    def judge() -> dict[str, float]:
        told = learner.evaluate(windows, truth, batch_size=256, verbose=0, return_dict=True)
        return {'stop_loss': told['loss'], 'stop_accuracy': _accuracy(told)}

    return judge


def _accuracy(told: Mapping[str, float]) -> float:
    """Keras names it after its output where there are several."""
    return float(told.get('probabilities_accuracy', told.get('accuracy', float('nan'))))


class _Keeper:
    """Writes down how far training has come, and finds it again."""

    def __init__(self, run_dir: Path | None, model: keras.Model) -> None:
        self._dir = run_dir
        self._model = model
        self._best: list[Any] | None = None
        self._saved_s = 0.0

    def resume(self, console: Console) -> FitState:
        if self._dir is None or not (self._dir / STATE).is_file():
            return FitState()
        try:
            state = FitState(**json.loads((self._dir / STATE).read_text(encoding='utf-8')))
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f'{self._dir / STATE}: does not say how far training has come; '
                'allowed is a new folder'
            ) from error
        self._model.optimizer.build(self._model.trainable_variables)
        self._model.load_weights(self._dir / CHECKPOINT)
        if not state.done:
            console.print(f'going on after epoch {state.epochs}')
        return state

    def keep_best(self) -> None:
        self._best = self._model.get_weights()
        if self._dir is not None:
            self._write(BEST)

    def take_best(self) -> None:
        if self._best is not None:
            self._model.set_weights(self._best)
        elif self._dir is not None:
            self._model.load_weights(self._dir / BEST)

    def save_now_and_then(self, state: FitState) -> None:
        if time.monotonic() - self._saved_s > _CHECKPOINT_PERIOD_S:
            self.save(state)

    def save(self, state: FitState) -> None:
        """Ctrl-C between the lines costs some epochs, never the run."""
        if self._dir is None:
            return
        self._write(CHECKPOINT)
        write_whole(self._dir / HISTORY, _to_csv(state.history))
        write_whole(self._dir / STATE, json.dumps(asdict(state)))
        self._saved_s = time.monotonic()

    def _write(self, name: str) -> None:
        assert self._dir is not None
        with whole_file(self._dir / name) as unfinished:
            self._model.save_weights(unfinished)


def _to_csv(history: list[dict[str, float]]) -> str:
    text = io.StringIO()
    if history:
        writer = csv.DictWriter(text, list(history[-1]), lineterminator='\n')
        writer.writeheader()
        writer.writerows(history)
    return text.getvalue()


class _Conductor(keras.callbacks.Callback):  # type: ignore[misc]
    """The learning rate, the clock, and the end of training."""

    def __init__(
        self,
        config: ClipConfig,
        state: FitState,
        steps: int,
        judge: Callable[[], dict[str, float]] | None,
        keeper: _Keeper,
        bar: Progress,
    ) -> None:
        super().__init__()
        self._config, self._state, self._steps = config, state, steps
        self._judge, self._keeper, self._bar = judge, keeper, bar
        self._spent_before_s = state.spent_s
        self._began_s: float | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._task = self._bar.add_task(self._config.name, total=1.0)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        progress = self._progress(self._state.epochs + batch / self._steps)
        self.model.optimizer.learning_rate = self._config.learning_rate * rate_share(progress)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._began_s is None:
            # The first step builds the graph, which is no training.
            self._began_s = time.process_time()
        progress = self._progress(self._state.epochs + (batch + 1) / self._steps)
        self._bar.update(self._task, completed=progress)
        if self._spent_share() >= 1:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        state, told = self._state, dict(logs or {})
        row = {'epoch': epoch + 1, 'loss': told['loss'], 'accuracy': _accuracy(told)}
        state.epochs = epoch + 1
        state.spent_s = self._spent_s()
        if self._judge:
            with _averaged(self.model):
                row.update(self._judge())
                if row['stop_loss'] < state.best_loss:
                    state.best_loss, state.best_epoch = row['stop_loss'], state.epochs
                    self._keeper.keep_best()
            if state.epochs - state.best_epoch >= self._config.patience:
                self.model.stop_training = True
        state.history.append({name: round(value, 5) for name, value in row.items()})
        self._keeper.save_now_and_then(state)

    def _spent_s(self) -> float:
        if self._began_s is None:
            return self._spent_before_s
        return self._spent_before_s + time.process_time() - self._began_s

    def _spent_share(self) -> float:
        budget_s = self._config.budget_s
        return self._spent_s() / budget_s if budget_s else 0.0

    def _progress(self, epochs: float) -> float:
        """0 at the beginning, 1 at the end of training, by epochs or by the budget."""
        return min(max(epochs / self._config.epochs, self._spent_share()), 1.0)


def rate_share(progress: float) -> float:
    """What share of the highest learning rate holds: a short rise, then half a cosine."""
    if progress < _WARMUP_SHARE:
        return max(progress / _WARMUP_SHARE, _LOWEST_RATE_SHARE)
    fallen = (progress - _WARMUP_SHARE) / (1 - _WARMUP_SHARE)
    return float(_LOWEST_RATE_SHARE + (1 - _LOWEST_RATE_SHARE) * (1 + np.cos(np.pi * fallen)) / 2)
