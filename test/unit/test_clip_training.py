"""Training on clips: what is held out, how it stops and goes on, and what a run leaves."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: training needs tensorflow')

import keras
from rich.console import Console
from support import contract, write_model
from typer.testing import CliRunner

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.cli import app
from sign_recognition.datasets.clip import Clip, DatasetError
from sign_recognition.datasets.clip_folder import ClipFolder, open_folder
from sign_recognition.datasets.rendering import RenderPlan, render_takes
from sign_recognition.datasets.store import DatasetInfo, write_dataset
from sign_recognition.landmarks import RIGHT_HAND, LandmarkFrame, mirror
from sign_recognition.model_contract import ImageInput, ModelContract
from sign_recognition.recognizer import Recognizer
from sign_recognition.training import (
    architectures,
    clip_augmentation,
    clip_card,
    clip_config,
    clip_run,
    comparison,
    fitting,
)
from sign_recognition.training.clip_config import ClipConfig, read_config
from sign_recognition.training.clip_data import Batches, ClipSet, Division, divide, read_clip_set
from sign_recognition.training.comparison import Comparison, compare
from sign_recognition.training.settings import ConfigError

LABELS = ('down', 'up')
SIGNERS = ('ann', 'bob', 'cem', 'dan')
TINY = ClipConfig(
    'tiny', 'hierarchical_cnn', {'widths': (4,), 'dense': 4}, window_frames=6, epochs=2,
    batch=8, folds=2, fold=0, augment=({'rotate': {}}, {'drop_frames': {}}),
)  # fmt: skip


def silent() -> Console:
    return Console(file=io.StringIO())


def moving_hand(label: str, rng: np.random.Generator) -> np.ndarray:
    """(F, 75, 3) a right hand that moves up or down."""
    frames = int(rng.integers(8, 14))
    points = np.full((frames, 75, 3), np.nan, np.float32)
    way = np.linspace(0, 0.4 if label == 'down' else -0.4, frames)[:, None, None] * (0, 1, 0)
    points[:, RIGHT_HAND] = (
        rng.normal(0.5, 0.03, (21, 3)) + way + rng.normal(0, 0.002, (frames, 21, 3))
    )
    return points


def clips(space: str = 'image') -> Iterator[Clip]:
    rng = np.random.default_rng(4)
    for number in range(48):
        label, signer = LABELS[number % 2], SIGNERS[number // 2 % 4]
        split = 'test' if signer == 'dan' else 'train'
        yield Clip(
            f'c{number}', label, moving_hand(label, rng), 20.0, signer, split=split, space=space
        )


@pytest.fixture
def folder(tmp_path: Path) -> ClipFolder:
    return make_folder(tmp_path / 'signs')


def make_folder(
    path: Path,
    space: str = 'image',
    suffix: str = '',
    change: Callable[[Clip], Clip] = lambda clip: clip,
) -> ClipFolder:
    path.mkdir()
    labelled = (change(replace(clip, label=clip.label + suffix)) for clip in clips(space))
    write_dataset(path, DatasetInfo('signs', 'test', 'ours'), labelled)
    return open_folder(path)


# Each makes other data of the same name and number of clips.
OTHER_DATA = {
    'split': lambda clip: replace(clip, split='test' if clip.signer == 'ann' else 'train'),
    'signers': lambda clip: replace(clip, signer={'ann': 'bob', 'bob': 'ann'}.get(clip.signer, '')),
    'labels': lambda clip: replace(clip, label='up' if clip.id == 'c0' else clip.label),
    'points': lambda clip: replace(clip, points=clip.points[:-1]),
}


def read(folder: ClipFolder, config: ClipConfig) -> ClipSet:
    return read_clip_set(folder, config, silent())


def changed(**changes: Any) -> ClipConfig:
    return ClipConfig(**{**vars(TINY), **changes})


class TestDivision:
    def signers(self, clips: ClipSet, rows: np.ndarray) -> set[str]:
        return {clips.signers[row] for row in rows}

    def test_no_signer_is_on_two_sides(self, folder: ClipFolder) -> None:
        clips = read(folder, TINY)
        held_out = []
        for fold in (0, 1):
            parts = divide(clips, changed(fold=fold, patience=3))
            sides = [
                self.signers(clips, rows) for rows in (parts.train, parts.stop, parts.held_out)
            ]
            assert all(sides) and sum(map(len, sides)) == 4 == len(set.union(*sides))
            held_out += parts.held_out.tolist()
        assert sorted(held_out) == list(range(48))

    @pytest.mark.parametrize(
        ('changes', 'expected'),
        [
            ({'fold': None}, {'dan'}),
            ({'fold': None, 'held_out_signers': ('ann', 'cem')}, {'ann', 'cem'}),
            ({'fold': 1, 'folds': (('ann',), ('bob', 'dan'))}, {'bob', 'dan'}),
        ],
    )
    def test_who_is_held_out(
        self, folder: ClipFolder, changes: dict[str, Any], expected: set[str]
    ) -> None:
        clips = read(folder, TINY)
        assert self.signers(clips, divide(clips, changed(**changes)).held_out) == expected

    @pytest.mark.parametrize(
        ('changes', 'named'),
        [
            ({'fold': None, 'held_out_signers': ('eve',)}, r"\['eve'\] have no clip.*ann, bob"),
            ({'fold': None, 'held_out_signers': SIGNERS}, 'nothing is left'),
            ({'folds': 5}, 'folds: 5, allowed are 2 to 4'),
        ],
    )
    def test_who_cannot_be_held_out(
        self, folder: ClipFolder, changes: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(ValueError, match=named):
            divide(read(folder, TINY), changed(**changes))


class TestUnseenSigners:
    """Who is said to be unseen was neither trained on nor told when to stop."""

    @staticmethod
    def contract(clips: ClipSet, division: Division, folder: ClipFolder) -> ModelContract:
        trained = clip_run.Trained(
            SimpleNamespace(output=()),
            division,
            fitting.FitState(done=True),
            SimpleNamespace(summary=lambda: {'clip_accuracy': 0.5}),
        )
        return clip_run.make_contract(TINY, trained, clips, folder)

    def test_who_is_on_two_sides_is_not_among_them(self, folder: ClipFolder) -> None:
        clips = read(folder, TINY)
        rows = {name: np.flatnonzero(np.array(clips.signers) == name) for name in SIGNERS}
        division = Division(
            np.concatenate([rows['ann'], rows['bob'][::2]]),
            rows['cem'][::2],
            np.concatenate([rows['bob'][1::2], rows['cem'][1::2], rows['dan']]),
        )
        facts = self.contract(clips, division, folder)
        assert facts.held_out_signers == ('dan',)
        assert facts.training_data == 'signs without signers dan'
        assert facts.metrics == {}, 'some of them are of signers whom training saw'
        alone = replace(division, held_out=rows['dan'])
        assert self.contract(clips, alone, folder).metrics == {'clip_accuracy': 0.5}
        overlapping = replace(division, held_out=rows['bob'][1::2])
        assert self.contract(clips, overlapping, folder).held_out_signers == ()
        assert self.contract(clips, overlapping, folder).training_data == 'signs'

    def test_nobody_is_not_among_them(self, tmp_path: Path) -> None:
        folder = make_folder(tmp_path / 'x', change=lambda clip: replace(clip, signer=''))
        clips = read(folder, TINY)
        facts = self.contract(clips, divide(clips, changed(fold=None)), folder)
        assert (facts.held_out_signers, facts.training_data, facts.metrics) == ((), 'signs', {})

    @pytest.mark.parametrize(
        ('signers', 'of_nobody', 'told'),
        [
            ((['ann'], ['bob'], ['cem', 'dan']), 0, r'that training never saw \(cem, dan\)'),
            ((['ann'], [], ['ann', 'dan']), 0, 'THE SAME signers'),
            ((['ann'], ['bob'], ['bob']), 0, 'THE SAME signers'),
            (([], [], []), 24, 'NOT KNOWN'),
            ((['ann'], [], ['dan']), 3, 'NOT KNOWN'),
        ],
    )
    def test_the_card_says_whether_training_saw_them(
        self, signers: tuple[list[str], ...], of_nobody: int, told: str
    ) -> None:
        parts = dict(zip(('train', 'stop', 'held_out'), signers, strict=True))
        said = clip_card._of_whom({'signers': parts, 'held_out_of_unknown_signers': of_nobody})
        assert re.search(told, said)


def batches_of(folder: ClipFolder, config: ClipConfig) -> tuple[Batches, ClipSet]:
    clips = read(folder, config)
    return Batches(clips, [*fitting.architecture_losses(config)], config), clips


def test_an_epoch_is_the_same_whenever_it_begins(folder: ClipFolder) -> None:
    batches, clips = batches_of(folder, TINY)
    rows = divide(clips, TINY).train
    steps = batches.steps(rows)
    whole = [np.array(each[0]) for each in batches.train(rows, 0).take(2 * steps)]
    later = [np.array(each[0]) for each in batches.train(rows, 1).take(steps)]
    for one, other in zip(whole[steps:], later, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(whole[0], whole[steps], equal_nan=True)


def fitted(
    folder: ClipFolder, config: ClipConfig, run_dir: Path | None = None
) -> tuple[keras.Model, fitting.FitState]:
    batches, clips = batches_of(folder, config)
    model = clip_run.build_model(config, clips)
    state = fitting.fit(model, config, batches, divide(clips, config), run_dir, silent())
    return model, state


def weights(model: keras.Model) -> np.ndarray:
    return np.concatenate([np.ravel(each) for each in model.get_weights()])


def test_what_was_broken_off_ends_as_if_it_had_not_been(
    folder: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without dropout, whose chances are drawn anew.
    config = changed(epochs=3, ema=0.5, options={**TINY.options, 'dropout': 0.0})
    whole, _ = fitted(folder, config)
    monkeypatch.setattr(fitting, '_CHECKPOINT_PERIOD_S', -1)
    run_dir = tmp_path / 'run'
    run_dir.mkdir()

    def interrupt(self: Any, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fitting._Conductor, 'on_epoch_begin', interrupt)
        fitted(folder, config, run_dir)
    assert json.loads((run_dir / fitting.STATE).read_text())['epochs'] == 2
    resumed, state = fitted(folder, config, run_dir)
    assert (state.epochs, len(state.history), state.done) == (3, 3, True)
    np.testing.assert_allclose(weights(resumed), weights(whole), atol=1e-5)
    again, _ = fitted(folder, config, run_dir)
    np.testing.assert_array_equal(weights(again), weights(resumed))


def test_training_stops_when_signers_apart_gain_nothing(
    folder: ClipFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 1.0, 2.0, 2.0, 0.5])
    monkeypatch.setattr(
        fitting,
        '_judge',
        lambda *_: lambda: {'stop_loss': next(losses), 'stop_accuracy': 0.5},
    )
    _, state = fitted(folder, changed(epochs=20, patience=2))
    assert (state.epochs, state.best_epoch) == (4, 2)
    assert [row['stop_loss'] for row in state.history] == [3, 1, 2, 2]


def test_a_budget_ends_training(folder: ClipFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100_000))
    monkeypatch.setattr(fitting.time, 'process_time', lambda: float(next(clock)))
    _, state = fitted(folder, changed(epochs=500, budget_s=30))
    assert state.epochs < 20 and state.spent_s >= 30


def test_the_rate_rises_and_falls() -> None:
    shares = [fitting.rate_share(each) for each in (0, 0.025, 0.05, 0.5, 1)]
    assert shares[0] < shares[1] < shares[2] == 1 > shares[3] > shares[4] == pytest.approx(0.01)


def test_a_run_leaves_a_model_that_runs_and_what_is_known_of_it(
    folder: ClipFolder, tmp_path: Path
) -> None:
    config = changed(arch='keyframe_mlp', options={'hidden': 8}, epochs=4)
    path = clip_run.run(config, folder, tmp_path / 'run', silent())
    assert {each.name for each in path.parent.iterdir()} >= {
        'config.yaml', 'metrics.json', 'history.csv', 'learning_curves.png', 'confusion.png',
        'key_frames.png', 'model.onnx', 'model.tflite', 'model_card.md',
    }  # fmt: skip
    metrics = json.loads((path.parent / 'metrics.json').read_text())
    assert metrics['clips']['train'] == metrics['clips']['held_out'] == 24
    assert metrics['held_out']['clips'] == 24 and len(metrics['held_out']['signers']) == 2
    facts = OnnxClassifier(path).contract
    assert facts.labels == (*LABELS, 'none')
    assert facts.metrics['clip_accuracy'] == metrics['held_out']['clip_accuracy']
    assert 'signers that training never saw' in (path.parent / 'model_card.md').read_text()
    recognizer = Recognizer(OnnxClassifier(path))
    points = moving_hand('up', np.random.default_rng(1))
    for number, each in enumerate(points):
        told = recognizer.step(LandmarkFrame(number * 50_000_000, (640, 480), each))
    assert told.probabilities.shape == (3,)
    with pytest.raises(ConfigError, match='another configuration .*epochs: 4, now 1'):
        clip_run.run(replace(config, epochs=1), folder, path.parent, silent())


@pytest.mark.parametrize('change', OTHER_DATA.values(), ids=OTHER_DATA)
def test_a_run_does_not_go_on_with_other_data(
    change: Callable[[Clip], Clip],
    folder: ClipFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The division is made anew: whoever was trained on would be held out."""
    run_dir = tmp_path / 'run'

    def train_model(*_: Any) -> None:
        (run_dir / fitting.STATE).write_text('{}')

    monkeypatch.setattr(clip_run, 'train_model', train_model)
    clip_run.learn(TINY, folder, run_dir, silent())
    clip_run.learn(TINY, folder, run_dir, silent())
    other = make_folder(tmp_path / 'other', change=change)
    with pytest.raises(ConfigError, match='out: .*run holds a run on other data .*a new folder'):
        clip_run.learn(TINY, other, run_dir, silent())
    (run_dir / 'data.sha256').unlink()
    with pytest.raises(ConfigError, match='holds a run that does not say how it was made'):
        clip_run.learn(TINY, folder, run_dir, silent())


def test_a_broken_state_is_named(folder: ClipFolder, tmp_path: Path) -> None:
    (tmp_path / fitting.STATE).write_text('{"epochs": 1, "spe')
    with pytest.raises(ConfigError, match=r'state\.json: does not say how far'):
        fitted(folder, TINY, tmp_path)


def test_clips_in_metres_are_judged_through_one_camera(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / 'world', 'world')
    config = changed(view='camera')
    batches, _ = batches_of(folder, config)
    (first, _), (again, _) = (batches.scored(np.arange(8)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, read(folder, TINY).windows[:8], equal_nan=True)
    with pytest.raises(ConfigError, match="allowed for clips of space 'world'; these are 'image'"):
        read(make_folder(tmp_path / 'image'), config)


def test_images_of_takes_and_of_videos_are_clips(tmp_path: Path) -> None:
    root = tmp_path / 'takes'
    plan = RenderPlan(('Swipe Up', 'none'), signers=2, takes=2, size_px=(40, 30), rate_hz=10)
    made = list(render_takes(root, plan))
    assert len(made) == 8 and list(render_takes(root, plan)) == made
    for other in (replace(plan, size_px=(320, 240)), replace(plan, rate_hz=plan.rate_hz * 2)):
        with pytest.raises(DatasetError, match='was rendered at .* allowed is a new folder'):
            list(render_takes(root, other))
    config = changed(arch='lrcn', images=ImageInput(15, 20), augment=({'contrast': {}},))
    clips = read(open_folder(root), config)
    assert clips.windows.shape == (8, 6, 15, 20, 3) and clips.windows.dtype == np.uint8
    assert np.ptp(clips.windows[:, 0].astype(int), axis=0).max() > 30, 'all signers look the same'
    assert clips.labels == ('Swipe Up', 'none')
    batches = Batches(clips, ['probabilities'], config)
    images, _ = next(iter(batches.train(divide(clips, config).train, 0)))[:2]
    assert images.dtype == 'uint8' and images.shape[1:] == (6, 15, 20, 3)
    for file in (root / 'Swipe Up').rglob('*.jpg'):
        file.unlink()
    with pytest.raises(OSError, match='holds no picture'):
        read(open_folder(root), config)


COMPARISON = Comparison(
    changed(name='compare', fold=None, epochs=1),
    {name: (TINY.arch, {'widths': (width,)}) for name, width in (('small', 2), ('large', 4))},
)


def write_nothing(model: keras.Model, contract: ModelContract, path: Path) -> float:
    """In place of the export, which every architecture has a test of."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b'')
    return 0.0


def test_a_step_is_timed(tmp_path: Path) -> None:
    path = write_model(tmp_path / 'tiny.onnx', contract().to_metadata())
    assert 0 < comparison.step_ms(path, contract()) < 100


def test_a_comparison_accumulates(
    folder: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, 'export', write_nothing)
    monkeypatch.setattr(comparison, 'step_ms', lambda *_: 0.5)
    out = tmp_path / 'out'
    first = Comparison(COMPARISON.config, {'small': COMPARISON.entries['small']})
    compare(first, folder, 1, out, silent())
    before = json.loads((out / 'results.json').read_text())['entries']['small']
    table = compare(COMPARISON, folder, 2, out, silent()).read_text()
    entries = json.loads((out / 'results.json').read_text())['entries']
    assert entries['small']['folds']['0'] == before['folds']['0'], 'trained once more'
    assert [[*each['folds']] for each in entries.values()] == [['0', '1'], ['0', '1']]
    held_out = [each['folds'][fold]['signers'] for each in entries.values() for fold in '01']
    assert held_out[0].keys() == held_out[2].keys() and len(held_out[0] | held_out[1]) == 4
    assert table.count('\n') == 4 and '| small |' in table and ' ± ' in table
    assert (out / 'comparison.png').stat().st_size > 1000
    monkeypatch.setattr(comparison, 'train_model', lambda *_: pytest.fail('nothing is left'))
    compare(COMPARISON, folder, 2, out, silent())
    with pytest.raises(ConfigError, match="small with 0, 1 held out, .* the data set's own split"):
        compare(COMPARISON, folder, 0, out, silent())
    undivided = make_folder(tmp_path / 'undivided', change=lambda clip: replace(clip, split=''))
    with pytest.raises(ConfigError, match="undivided has no split 'test'"):
        compare(COMPARISON, undivided, 0, tmp_path / 'other', silent())
    for other, named in (
        (Comparison(changed(name='c', fold=None, epochs=2), COMPARISON.entries), 'epochs 1, now'),
        (
            Comparison(COMPARISON.config, {'small': (TINY.arch, {})}),
            'small: options {}, the results',
        ),
    ):
        with pytest.raises(ConfigError, match=named):
            compare(other, folder, 2, out, silent())


def test_a_comparison_writes_the_model_that_it_judges(
    folder: ClipFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odds = replace(COMPARISON.config, odds={'up': 1e6})
    small = Comparison(odds, {'small': COMPARISON.entries['small']})
    compare(small, folder, 1, tmp_path, silent())
    classifier = OnnxClassifier(tmp_path / 'models' / 'small.onnx')
    told = classifier(np.full(classifier.contract.window_shape, 0.5, np.float32))
    assert told[classifier.contract.labels.index('up')] > 0.99


def test_results_on_other_clips_or_images_are_kept_apart(
    folder: ClipFolder, tmp_path: Path
) -> None:
    def begin(config: ClipConfig, clips: ClipSet) -> None:
        comparison._begin(tmp_path, replace(COMPARISON, config=config).protocol(folder, clips))

    config, clips = COMPARISON.config, read(folder, TINY)
    protocol = COMPARISON.protocol(folder, clips)
    (tmp_path / 'results.json').write_text(json.dumps({'protocol': protocol, 'entries': {}}))
    begin(config, clips)
    for name, change in OTHER_DATA.items():
        other = read(make_folder(tmp_path / name, change=change), TINY)
        with pytest.raises(ConfigError, match='holds results on other data'):
            begin(config, other)
    with pytest.raises(ConfigError, match="images None, now it is {'height': 48, 'width': 64"):
        begin(replace(config, images=ImageInput(48, 64)), clips)


def test_the_shipped_protocols_can_be_followed() -> None:
    configs = Path(__file__).parents[2] / 'config' / 'train'
    for name, reads in (('compare.yaml', 'landmarks'), ('compare_images.yaml', 'images')):
        read_from = Comparison.read(configs / name, ())
        assert len(read_from.entries) >= 3
        assert (read_from.config.images is not None) == (reads == 'images')
    with pytest.raises(
        ConfigError, match=r"compare.yaml: foreign: \('wlasl50',\), allowed is none"
    ):
        Comparison.read(configs / 'compare.yaml', (), foreign=('wlasl50',))
    assert Comparison.read(configs / 'compare.yaml', ['lstm_100', 'lrcn']).entries == {
        'lstm_100': ('lstm', {'units': [100]}),
        'lrcn': ('lrcn', {}),
    }


def test_entries_of_a_comparison_are_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / 'mine.yaml'
    file.write_text('name: x\nentries: [lstm]')
    with pytest.raises(ConfigError, match=r"mine.yaml: entries: \['lstm'\], allowed is a mapping"):
        Comparison.read(file, ())


@pytest.mark.parametrize('name', ['clips', 'shrec17_clips', 'signer_images'])
def test_the_shipped_recipes_can_be_followed(name: str) -> None:
    config = read_config(Path(__file__).parents[2] / 'config' / 'train' / f'{name}.yaml')
    assert config.name == name
    clip_augmentation.chain(config.augment, LABELS, 'image', config.images is not None)


def test_the_recipe_for_any_clips_tells_left_from_right() -> None:
    """One's own takes may be swipes, of which a mirror twin is another."""
    config = read_config(Path(__file__).parents[2] / 'config' / 'train' / 'clips.yaml')
    keras.utils.set_random_seed(1)
    architecture = architectures.find(config.arch)
    model = architecture.build(config.window_frames, 2, **config.options)
    hand = np.random.default_rng(1).normal(0.5, 0.03, (1, 1, 21, 3)).astype(np.float32)
    window = np.full((1, config.window_frames, 75, 3), np.nan, np.float32)
    window[:, :, RIGHT_HAND] = hand + np.linspace(0, 0.3, config.window_frames)[:, None, None]
    right, left = (
        model.predict(each, verbose=0)['probabilities'] for each in (window, mirror(window))
    )
    assert np.abs(right - left).max() > 1e-3


@pytest.mark.parametrize(
    ('arch', 'options'),
    [
        ('body_attention', {'width': 8, 'blocks': 1, 'twins': True}),
        ('ensemble', {'twins': True, 'members': [{'arch': 'lstm'}, {'arch': 'lstm'}]}),
    ],
)
def test_a_model_that_cannot_tell_left_from_right_is_refused(
    tmp_path: Path, arch: str, options: dict[str, Any]
) -> None:
    folder = make_folder(tmp_path / 'signs', suffix=' left')
    config = changed(arch=arch, options=options)
    named = f'twins of {arch} .* cannot tell down left, up left; allowed is twins: false'
    with pytest.raises(ConfigError, match=named):
        clip_run.run(config, folder, tmp_path / 'run', silent())
    assert not (tmp_path / 'run').exists()
    entries = {'tiny': (TINY.arch, TINY.options), 'alike': (arch, options)}
    with pytest.raises(ConfigError, match=f'entries: alike: .*{named}'):
        compare(Comparison(config, entries), folder, 1, tmp_path / 'compared', silent())
    assert not (tmp_path / 'compared').exists(), 'refused before the first one was trained'


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('name: x\nwindow: 3', 'x.yaml: window: no setting'),
        ('name: x\n8: 3', 'x.yaml: 8: no setting'),
        ('name: x\naugment: [{rotate: {degrees: 15 deg}}]', "rotate: degrees: '15 deg', allowed"),
        ('name: x\naugment: [{speed: {low: 0}}]', 'speed: low: 0, allowed is a positive number'),
        ('epochs: 3', 'name: missing'),
        ('name: x\nepochs: 0', 'epochs: 0, allowed is a positive'),
        ('name: x\nepochs: many', "epochs: 'many', allowed is a positive"),
        ('name: x\nepochs: 2.5', 'epochs: 2.5, allowed is a positive whole'),
        ('name: x\nbatch: 16.5', 'batch: 16.5, allowed is a positive whole'),
        ('name: x\nbatch: true', 'batch: True, allowed is a positive whole'),
        ('name: x\npatience: -1', 'patience: -1, allowed is a whole number, 0 or more'),
        ('name: x\nema: 2.0', 'ema: 2.0, allowed is 0 or more, and below 1'),
        ('name: x\nclip_fit: squeeze', "clip_fit: 'squeeze', allowed is newest or resample"),
        ("name: x\nheld_out_signers: '12'", "held_out_signers: '12', allowed is a list of names"),
        ('name: x\nheld_out_signers: 12', 'held_out_signers: 12, allowed is a list of names'),
        ('name: x\nskip_labels: none', "skip_labels: 'none', allowed is a list of names"),
        ('name: x\nskip_labels: [no]', r'skip_labels: \[False\], .* yes and no in quotes'),
        ('name: x\nforeign: wlasl50', "foreign: 'wlasl50', allowed is a list of names"),
        ('name: x\naugment: 3', 'augment: 3, allowed is a list of mappings'),
        ('name: x\ncorrections: 3', 'corrections: 3, allowed is a list of mappings'),
        ('name: x\ncorrections: [{signer: 1, label: no}]', 'corrections: .*yes and no in quotes'),
        ('name: x\nfolds: [1, 2]', r'folds: \(1, 2\), allowed is a whole number, 2 or more, or'),
        ('name: x\nfolds: 1', 'folds: 1, allowed is a whole number, 2 or more'),
        ('name: x\nimages: 3', 'images: 3, allowed is a mapping'),
        ('name: x\nrecipe: soup', "recipe 'soup', allowed are streams, clips"),
        ('name: x\nimages: {height: 3}', 'width'),
        ('- name', 'allowed are settings'),
        ('name: [', 'x.yaml: no YAML .while parsing'),
        ('name: x\narch: alexnet', "'alexnet', known are"),
        ('name: x\narch: lstm\noptions: {layers: 3}', "options: .*unexpected keyword.*'layers'"),
        ('name: x\narch: lrcn', 'lrcn reads images, the configuration gives landmarks'),
        ('name: x\nfold: 7', 'fold: 7, allowed are 0 to 4'),
        ('name: x\naugment: [{wobble: {}}]', "'wobble', known are mirror"),
        ('name: x\nskip_labels: [up, down]', 'holds no clip beside skip_labels'),
    ],
)
def test_a_wrong_configuration_is_one_line(tmp_path: Path, text: str, named: str) -> None:
    make_folder(tmp_path / 'signs')
    file, out = tmp_path / 'x.yaml', tmp_path / 'run'
    file.write_text(text)
    arguments = ['train', '--data', tmp_path / 'signs', '--config', file, '--out', out]
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 2
    assert result.stderr.count('\n') == 1 and result.stderr.startswith('error: ')
    assert re.search(named, result.stderr), result.stderr
    assert not list(tmp_path.glob('run/*.onnx'))


def test_every_setting_has_its_kind() -> None:
    assert {each.name for each in fields(ClipConfig)} == {*clip_config._KINDS}


def test_settings_may_be_empty() -> None:
    empty = dict.fromkeys(('options', 'left_hand', 'odds', 'augment', 'corrections', 'foreign'))
    assert ClipConfig.from_values({'name': 'x', **empty}) == ClipConfig('x')


def test_signers_may_be_numbers() -> None:
    values = {
        'name': 'x',
        'held_out_signers': [2, '14'],
        'folds': [[1], [2, 3]],
        'corrections': [{'signer': 3, 'label': 'no'}],
    }
    config = ClipConfig.from_values(values)
    assert config.held_out_signers == ('2', '14') and config.folds == (('1',), ('2', '3'))
    assert config.corrections == ({'signer': '3', 'label': 'no'},)


@pytest.mark.parametrize(
    ('command', 'told'), [('train', '(runs/NAME)'), ('compare', '(config/train/compare.yaml)')]
)
def test_help_says_what_is_used_by_default(command: str, told: str) -> None:
    shown = CliRunner().invoke(app, [command, '--help'], env={'COLUMNS': '300'}).output
    assert told in shown


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, 'sign_recognition.training.clip_run')
    monkeypatch.setitem(sys.modules, 'keras', None)
    make_folder(tmp_path / 'signs')
    (tmp_path / 'x.yaml').write_text('name: x')
    config, out = str(tmp_path / 'x.yaml'), str(tmp_path / 'out')
    arguments = ['train', '--data', str(tmp_path / 'signs'), '--config', config, '--out', out]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stderr == "error: keras is not installed: pip install '.[train]'\n"


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (['--folds', '9'], 'folds: 9, allowed are 0 to 5'),
        (['--arch', 'alexnet'], "'alexnet', known are"),
        (['--config', 'nowhere.yaml'], 'config: nowhere.yaml: .*No such file'),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(
    tmp_path: Path, arguments: list[str], named: str
) -> None:
    make_folder(tmp_path / 'signs')
    protocol = Path(__file__).parents[2] / 'config' / 'train' / 'compare.yaml'
    given = ['compare', '--data', tmp_path / 'signs', '--config', protocol, '--out', tmp_path / 'o']
    result = CliRunner().invoke(app, [*map(str, given), *arguments])
    assert result.exit_code == 2
    assert re.search(named, result.stderr), result.stderr
    assert not (tmp_path / 'o').exists()


def test_what_is_no_data_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'x.yaml').write_text('name: x')
    arguments = ['train', '--data', str(tmp_path), '--config', str(tmp_path / 'x.yaml')]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert 'holds neither clips.parquet' in result.stderr and result.stderr.count('\n') == 1
