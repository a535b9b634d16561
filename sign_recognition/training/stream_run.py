"""Training: configuration and data in, one ONNX file with honest figures inside out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import numpy.typing as npt
import typer
import yaml
from rich.console import Console
from rich.progress import Progress, track

from sign_recognition.atomic import write_whole
from sign_recognition.datasets.clip_folder import open_folder
from sign_recognition.datasets.shrec17 import LABELS, read_clips
from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.landmarks import RIGHT_HAND, Points
from sign_recognition.model_contract import ModelContract
from sign_recognition.parallel import Workers
from sign_recognition.training import architectures
from sign_recognition.training.actors import Take
from sign_recognition.training.anatomy import fit_cached
from sign_recognition.training.calibrate import (
    Predict,
    choose_thresholds,
    clip_accuracy,
    pad_hands,
    predict_streams,
    score_streams,
)
from sign_recognition.training.clip_config import read_recipe
from sign_recognition.training.clip_run import learn
from sign_recognition.training.export import MODEL_FILE, export, export_tflite
from sign_recognition.training.fitting import STATE
from sign_recognition.training.foreign import Track, read_foreign, real_hands
from sign_recognition.training.odds import check_odds, weigh
from sign_recognition.training.refinement import Refinement, keep_normalisations
from sign_recognition.training.run_folder import CONFIG_FILE, begin_run, check_run, fingerprint
from sign_recognition.training.second_opinion import SecondOpinion, consult
from sign_recognition.training.settings import (
    MAPPING,
    NAME,
    NAMES,
    OF_BOTH_RECIPES,
    ConfigError,
    Kind,
    as_names,
    check,
    located,
    whole_number,
)
from sign_recognition.training.stream_augmentation import Rng
from sign_recognition.training.streams import foreign_stream, make_stream
from sign_recognition.training.windows import Lot, Windows, WindowSource, lot_sizes, lots

CLASS_NAMES = (*LABELS, NONE_LABEL)
CHECKPOINT = 'checkpoint.keras'
PROGRESS = 'progress.json'
REFINEMENT_FOLDER = 'refinement'
OPINION_FOLDER = 'second_opinion'
# What only the end of a run reads: a finished one is measured anew with others. A refinement and a
# second opinion are trained in folders of their own, which refuse another configuration of them.
_AT_THE_END = ('scored_streams', 'odds', 'decision')
_FREE = (*_AT_THE_END, 'name', 'epochs', 'refinement', 'second_opinion')
_KINDS: Mapping[str, Kind] = {
    **OF_BOTH_RECIPES,
    **dict.fromkeys(('architecture', 'shrec17'), NAME),
    **dict.fromkeys(('architecture_options', 'decision'), MAPPING),
    'foreign_videos': NAMES,
    'streams': whole_number(1),
    **dict.fromkeys(('fresh_streams', 'foreign_streams', 'foreign_asl8_clips'), whole_number(0)),
    # A half chooses thresholds, the other judges.
    'scored_streams': whole_number(2),
}


@dataclass(frozen=True)
class TrainConfig:
    """One training run; every knob is here, and the YAML files of config/train name them.

    Attributes:
        name: of the model.
        seed: of everything random.
        architecture: module of training/architectures.
        architecture_options: keyword arguments of its build().
        window_frames: frames in the window (T).
        rate_hz: frames per second of the window.
        shrec17: folder of SHREC'17 under the data folder.
        held_out_signers: never trained on; all figures are theirs.
        foreign_videos: folders under `video` with movement that is no gesture.
        foreign_asl8_clips: clips of asl8 used the same way.
        epochs: passes over the pool of streams.
        streams: invented streams in the pool.
        fresh_streams: of them, how many are invented anew before each pass.
        foreign_streams: foreign streams in each pass.
        batch: windows per step.
        learning_rate: highest rate of the cosine schedule.
        label_smoothing: share of each label given to all classes.
        scored_streams: held-out streams to calibrate and score on (half each).
        odds: label to how many times as probable it is as the networks say; see `odds.weigh`.
        decision: fields of DecisionThresholds that the model gets; empty: they are chosen.
        refinement: passes more after these, with other people; None: there are none.
        second_opinion: a network of whole clips that has to agree with a start; None: nobody is
            asked.

    Raises:
        ValueError: a setting is not as allowed; names it.
    """

    name: str
    seed: int = 0
    architecture: str = 'conv_attention'
    architecture_options: dict[str, Any] = field(default_factory=dict)
    window_frames: int = 60
    rate_hz: float = 24.0
    shrec17: str = 'shrec17/HandGestureDataset_SHREC2017'
    held_out_signers: tuple[str, ...] = ()
    foreign_videos: tuple[str, ...] = ()
    foreign_asl8_clips: int = 0
    epochs: int = 30
    streams: int = 1500
    fresh_streams: int = 400
    foreign_streams: int = 300
    batch: int = 128
    learning_rate: float = 2e-3
    label_smoothing: float = 0.03
    scored_streams: int = 120
    odds: dict[str, float] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    refinement: Refinement | None = None
    second_opinion: SecondOpinion | None = None

    def __post_init__(self) -> None:
        check(self, _KINDS)
        check_odds(self.odds, CLASS_NAMES)
        with located('decision'):
            DecisionThresholds(**self.decision).check_labels(CLASS_NAMES)
        if self.second_opinion is not None:
            with located('second_opinion'):
                self.second_opinion.check(CLASS_NAMES, self.window_frames)

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """Read a YAML file.

        Raises:
            ConfigError: it is missing or no YAML, an entry is unknown or not as allowed; names the
                file and the entry.
        """
        _, values = read_recipe(path)
        with located(f'config: {path}'):
            return cls._from_values(values, path.parent)

    @classmethod
    def _from_values(cls, values: dict[str, Any], folder: Path) -> TrainConfig:
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise ConfigError(f'{sorted(unknown)} are no settings of a training run')
        if 'name' not in values:
            raise ConfigError('name: missing')
        for key in ('held_out_signers', 'foreign_videos'):
            values[key] = as_names(values.get(key))
        if (refined := values.get('refinement')) is not None:
            with located('refinement'):
                values['refinement'] = Refinement.read(refined)
        if (asked := values.get('second_opinion')) is not None:
            with located('second_opinion'):
                values['second_opinion'] = SecondOpinion.read(asked, folder)
        return cls(**values)

    def to_text(self) -> str:
        """The YAML file that gives this configuration, in the folder of its run."""
        values = {'recipe': 'streams', **asdict(self)}
        if asked := self.second_opinion:
            values['second_opinion'] = {
                'config': f'{OPINION_FOLDER}/{CONFIG_FILE}',
                'labels': asked.labels,
                'needed': asked.needed,
                'frames': asked.frames,
            }
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


@dataclass(frozen=True)
class Material:
    """Clips and foreign recordings, split by signer or by source."""

    takes: list[Take]
    held_out_takes: list[Take]
    foreign: list[Track]
    held_out_foreign: list[Track]

    def fingerprint(self) -> str:
        """Of all clips, of the names of the recordings, and of who is held out."""
        takes, footage = (
            (self.takes, self.held_out_takes),
            (self.foreign, self.held_out_foreign),
        )
        return fingerprint(
            *(take.hand for side in takes for take in side),
            *([take.label for take in side] for side in takes),
            *([each.source for each in side] for side in footage),
        )


def read_material(
    config: TrainConfig, data_dir: Path, cache_dir: Path, console: Console
) -> Material:
    """Read and split everything a configuration names.

    Hands fitted to clips and tracked in videos are kept in cache_dir.

    Raises:
        Shrec17Error: a file of SHREC'17 is missing or broken.
        FileNotFoundError: foreign footage is missing.
        ValueError: a signer to be held out has no clip.
    """
    clips = read_clips(data_dir / config.shrec17)
    held_out = set(config.held_out_signers)
    if unknown := sorted(held_out - {clip.signer for clip in clips}):
        raise ValueError(
            f'held_out_signers: {", ".join(unknown)} have no clip, the clips are of '
            + ', '.join(sorted({clip.signer for clip in clips}, key=int))
        )
    hands = [clip.points[:, RIGHT_HAND] for clip in clips]
    motions = fit_cached(hands, cache_dir / 'anatomy.npz', console)
    takes = [
        (clip.signer, Take.from_clip(clip, motion))
        for clip, motion in zip(clips, motions, strict=True)
    ]
    foreign = read_foreign(data_dir, config.foreign_videos, config.foreign_asl8_clips, cache_dir)
    apart = set(sorted({each.source for each in foreign})[::4])
    return Material(
        [take for signer, take in takes if signer not in held_out],
        [take for signer, take in takes if signer in held_out],
        [each for each in foreign if each.source not in apart],
        [each for each in foreign if each.source in apart],
    )


# From landmarks to features, which has nothing to learn, and from features to all that has a loss.
Parts = tuple[keras.Model, keras.Model]
Describe = Callable[[Points], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Examples:
    """What the trainable part of a model learns from.

    Attributes:
        features: (N, ...) float16, what the layer `features` gives; they lie within +-8.
        classes: (N,) numbers in CLASS_NAMES.
    """

    features: npt.NDArray[np.float16]
    classes: npt.NDArray[np.int64]


class StreamPool:
    """Examples from many invented streams, some of them new before every pass.

    Args:
        config: how many.
        workers: processes that make the streams' windows.
        describe: from raw windows (N, T, 75, 3) to features, the part of the model that does not
            learn: each window passes it once.
    """

    def __init__(
        self, config: TrainConfig, workers: Workers[WindowSource], describe: Describe
    ) -> None:
        self._config = config
        self._workers = workers
        self._describe = describe
        self._own: list[Examples] = []

    def epoch(self, rng: Rng, console: Console) -> Examples:
        """Everything for one pass, shuffled."""
        config = self._config
        missing = config.fresh_streams if self._own else config.streams
        own = lots(missing, rng)
        foreign = lots(config.foreign_streams, rng, foreign=True)
        made = self._workers.map(Lot.windows, [*own, *foreign])
        bar = track(made, 'streams', len(own) + len(foreign), console=console, transient=True)
        new = [self._examples(windows) for windows in bar]
        parts = self._own + new[: len(own)]
        # What the next pass replaces need not be kept for it.
        self._own = parts[len(lot_sizes(config.fresh_streams)) :]
        return shuffled(parts + new[len(own) :], rng)

    def _examples(self, windows: Windows) -> Examples:
        classes = np.array([CLASS_NAMES.index(label) for label in windows.labels], np.int64)
        return Examples(self._describe(pad_hands(windows.points)).astype(np.float16), classes)


def shuffled(parts: Sequence[Examples], rng: Rng) -> Examples:
    """All of them in one, in an order by chance; copied once, for they are gigabytes."""
    counts = [len(part.classes) for part in parts]
    places = np.split(rng.permutation(sum(counts)), np.cumsum(counts)[:-1])
    features = np.empty((sum(counts), *parts[0].features.shape[1:]), np.float16)
    classes = np.empty(sum(counts), np.int64)
    for part, place in zip(parts, places, strict=True):
        features[place], classes[place] = part.features, part.classes
    return Examples(features, classes)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches for Keras; the truth is the same for each output that has a loss.

    One for a whole run, whose examples change with the epochs: TensorFlow never lets go of what
    Keras once iterated over, and an epoch's examples are gigabytes.
    """

    def __init__(self, batch: int, outputs: Sequence[str]) -> None:
        super().__init__()
        self._batch, self._outputs = batch, outputs
        self.examples = Examples(np.zeros((0, 0, 0), np.float16), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.examples.classes) // self._batch or 1

    def __getitem__(
        self, index: int
    ) -> tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]]]:
        part = slice(index * self._batch, (index + 1) * self._batch)
        one_hot = np.eye(len(CLASS_NAMES), dtype=np.float32)[self.examples.classes[part]]
        truth = dict.fromkeys(self._outputs, one_hot)
        return self.examples.features[part].astype(np.float32), truth


class _Advance(keras.callbacks.Callback):  # type: ignore[misc]
    """Moves a progress bar while an epoch runs."""

    def __init__(self, bar: Progress) -> None:
        super().__init__()
        self._bar = bar

    def on_train_begin(self, logs: Any = None) -> None:
        self._task = self._bar.add_task('windows', total=self.params['steps'])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._bar.advance(self._task)


def build_model(config: TrainConfig) -> tuple[keras.Model, keras.Model, keras.Model]:
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


def _compile(model: keras.Model, config: TrainConfig, steps: int) -> None:
    model.compile(
        keras.optimizers.AdamW(_schedule(config, steps), weight_decay=0.02, clipnorm=1.0),
        {name: loss for name, (loss, _) in _losses(config).items()},
        loss_weights={name: weight for name, (_, weight) in _losses(config).items()},
        metrics={'probabilities': ['accuracy']},
    )


def _losses(config: TrainConfig) -> Mapping[str, tuple[Any, float]]:
    architecture = architectures.find(config.architecture)
    return architecture.losses(config.label_smoothing, **config.architecture_options)


def _schedule(config: TrainConfig, steps: int) -> keras.optimizers.schedules.CosineDecay:
    """Learning rates of a whole run: a short rise, then half a cosine."""
    warmup_steps = max(steps // 20, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - warmup_steps,
        warmup_target=config.learning_rate,
        warmup_steps=warmup_steps,
        alpha=0.01,
    )


def train(
    config: TrainConfig, data_dir: Path, run_dir: Path, console: Console | None = None
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
    done = _epochs_done(run_dir, config)
    check_run(run_dir, config.to_text(), None, PROGRESS, _FREE)
    if config.refinement:
        own = _going_on(config, config.refinement)
        check_run(run_dir / REFINEMENT_FOLDER, own.to_text(), None, PROGRESS, _AT_THE_END)
    if config.second_opinion:
        asked = config.second_opinion.without(config.held_out_signers)
        check_run(run_dir / OPINION_FOLDER, asked.to_text(), None, STATE)
    material = read_material(config, data_dir, run_dir / 'material', console)
    console.print(
        f'{len(material.takes)} clips to train on, {len(material.held_out_takes)} held out, '
        f'{len(material.foreign)} foreign recordings'
    )
    begin_run(run_dir, config.to_text(), material.fingerprint(), PROGRESS, _FREE)
    _fit(config, (front, back), material, 0.0, done, run_dir, console)
    if config.refinement:
        _refine(config, config.refinement, (front, back), material, run_dir, console)
    model = weigh(whole, CLASS_NAMES, config.odds)
    if config.second_opinion:
        model = _with_second_opinion(
            model, config, config.second_opinion, data_dir, run_dir, console
        )
    return finish(config, model, material, run_dir, console)


def _refine(
    config: TrainConfig,
    refinement: Refinement,
    parts: Parts,
    material: Material,
    run_dir: Path,
    console: Console,
) -> None:
    """Go on with a trained model in a folder of its own."""
    own = _going_on(config, refinement)
    folder = run_dir / REFINEMENT_FOLDER
    begin_run(folder, own.to_text(), material.fingerprint(), PROGRESS, _AT_THE_END)
    done = _epochs_done(folder, own)
    _, back = parts
    before = back.get_weights()
    keep_normalisations(back)
    _fit(own, parts, material, refinement.scripted_share, done, folder, console)
    back.set_weights(refinement.mean(before, back.get_weights()))


def _going_on(config: TrainConfig, refinement: Refinement) -> TrainConfig:
    """The refinement as a run of its own, which is no other's that is refined."""
    return replace(
        config,
        name=f'{config.name} after {config.epochs} epochs',
        seed=config.seed + 1,
        epochs=refinement.epochs,
        learning_rate=refinement.learning_rate,
        refinement=replace(refinement, weight=1.0),  # what weight it gets is free
        second_opinion=None,
    )


def _with_second_opinion(
    model: keras.Model,
    config: TrainConfig,
    opinion: SecondOpinion,
    data_dir: Path,
    run_dir: Path,
    console: Console,
) -> keras.Model:
    """The model and the network that it asks, trained here on the same people's clips."""
    folder = open_folder(data_dir / config.shrec17)
    clip_config = opinion.without(config.held_out_signers)
    trained, clips = learn(clip_config, folder, run_dir / OPINION_FOLDER, console)
    if trained.figures:
        console.print(f'second opinion: {trained.figures.accuracy:.3f} of the clips held out')
    return consult(model, CLASS_NAMES, trained.model, clips.labels, opinion)


def _fit(
    config: TrainConfig,
    parts: Parts,
    material: Material,
    scripted_share: float,
    done: int,
    run_dir: Path,
    console: Console,
) -> None:
    """Train the part that learns, after the epochs that an earlier run in the folder has done."""
    front, back = parts
    hands = real_hands(material.foreign)
    how = (config.rate_hz, config.window_frames, scripted_share)
    with Workers(WindowSource, material.takes, hands, material.foreign, *how) as workers:
        pool = StreamPool(config, workers, lambda w: np.asarray(front.predict_on_batch(w)))
        _learn(config, back, pool, done, run_dir, console)


def _learn(
    config: TrainConfig,
    back: keras.Model,
    pool: StreamPool,
    done: int,
    run_dir: Path,
    console: Console,
) -> None:
    """As _fit, from a pool of streams."""
    batches = _Batches(config.batch, [*_losses(config)])
    learner = back
    if done:
        console.print(f'going on after epoch {done}')
        learner = keras.models.load_model(run_dir / CHECKPOINT)
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


def _epochs_done(run_dir: Path, config: TrainConfig) -> int:
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
    partial = run_dir / 'partial.keras'
    learner.save(partial)
    partial.replace(run_dir / CHECKPOINT)
    write_whole(run_dir / PROGRESS, json.dumps({'epochs': epochs}))


def finish(
    config: TrainConfig, model: keras.Model, material: Material, run_dir: Path, console: Console
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


def measure(config: TrainConfig, predict: Predict, material: Material) -> ModelContract:
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
    return replace(contract, metrics=metrics, decision=thresholds)


def _training_data(config: TrainConfig) -> str:
    parts = ["SHREC'17 track (De Smedt et al. 2017) through a virtual camera"]
    if config.held_out_signers:
        parts.append(f'without signers {", ".join(config.held_out_signers)}')
    if config.refinement and config.refinement.scripted_share:
        parts.append("people who do not exist, by the rendered signer's script")
    parts += [f'video/{each} as none' for each in config.foreign_videos]
    if config.foreign_asl8_clips:
        parts.append(f'{config.foreign_asl8_clips} clips of asl8 as none')
    return '; '.join(parts)


def main(
    config: Annotated[Path, typer.Argument(help='YAML file of config/train')],
    data: Annotated[Path, typer.Argument(help='folder of the data sets')],
    out: Annotated[Path, typer.Argument(help='folder of the run')],
) -> None:
    """Train a gesture model."""
    try:
        path = train(TrainConfig.read(config), data, out)
    except KeyboardInterrupt:
        Console().print(f'broken off; the last whole epoch is in {out}')
        raise typer.Exit(130) from None
    Console().print(f'wrote {path}')


if __name__ == '__main__':
    typer.run(main)
