"""Architectures compared on one data set by one protocol: same folds, same clips, same budget.

Results accumulate in one file, by architecture and fold: a long comparison is run in parts.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from sign_recognition.atomic import write_whole
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.model_contract import ModelContract
from sign_recognition.training import architectures, pictures
from sign_recognition.training.clip_config import ClipConfig, read_recipe
from sign_recognition.training.clip_data import ClipSet, divide, read_clip_set
from sign_recognition.training.clip_run import build_model, make_contract, train_model
from sign_recognition.training.export import export, probe_windows
from sign_recognition.training.run_folder import fingerprint
from sign_recognition.training.settings import MAPPING, ConfigError

RESULTS_FILE = 'results.json'
TABLE_FILE = 'table.md'
PICTURE_FILE = 'comparison.png'
_FOLD_FIGURES = ('clip_accuracy', 'clip_macro_f1', 'clip_top5')
# What each entry says for itself, and what does not change a result.
_OWN = ('name', 'arch', 'options', 'fold')
_NOT_COMPARED = ('corrections', 'foreign', 'rests', 'held_out_signers')
_DATA_KEY = 'data_sha256'
_TIMED_STEPS = 40


@dataclass(frozen=True)
class Comparison:
    """What is compared, and how.

    Attributes:
        config: the protocol; architecture, options and fold are filled in.
        entries: name to architecture and options.
    """

    config: ClipConfig
    entries: Mapping[str, tuple[str, dict[str, Any]]]

    @classmethod
    def read(cls, path: Path, names: Sequence[str], **changes: Any) -> Comparison:
        """Read a YAML file of the recipe 'clips' with one setting more: `entries`.

        Args:
            path: the file.
            names: of the entries to compare, empty for all; architectures that are no entry are
                compared as they are built by default.
            changes: settings that win over those of the file.

        Raises:
            ConfigError: the file cannot be followed; names it.
            ArchitectureError: a name is neither an entry nor an architecture.
        """
        _, values = read_recipe(path)
        given = values.pop('entries', None) or {}
        try:
            if not MAPPING.fits(given):
                raise ConfigError(f'entries: {given!r}, allowed is {MAPPING.allowed}')
            config = replace(ClipConfig.from_values(values), **changes)
            known = {name: _entry(name, each or {}) for name, each in given.items()}
        except ConfigError as error:
            raise ConfigError(f'config: {path}: {error}') from error
        entries = {name: known.get(name) or _entry(name, {}) for name in names or known}
        if not entries:
            raise ConfigError(f'config: {path}: entries: none')
        for key in _NOT_COMPARED:
            if value := getattr(config, key):
                raise ConfigError(
                    f'config: {path}: {key}: {value!r}, allowed is none: clips are compared as '
                    "they are labelled, and held out by folds or by the data set's own split"
                )
        return cls(config, entries)

    def protocol(self, folder: ClipFolder, clips: ClipSet) -> dict[str, Any]:
        """What must be the same for results to stand in one table."""
        settings = {key: value for key, value in asdict(self.config).items() if key not in _OWN}
        told: dict[str, Any] = json.loads(
            json.dumps(
                {
                    'data': folder.info.name,
                    'clips': folder.count,
                    **settings,
                    _DATA_KEY: fingerprint(*vars(clips).values()),
                }
            )
        )
        return told


def _entry(name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    unknown = sorted(set(given) - {'arch', 'options'})
    if unknown:
        raise ConfigError(f'entries: {name}: {", ".join(unknown)}, allowed are arch and options')
    arch = given.get('arch', name)
    architectures.find(arch)
    return arch, dict(given.get('options') or {})


def compare(
    comparison: Comparison, folder: ClipFolder, folds: int, out: Path, console: Console
) -> Path:
    """Train what is not yet trained, and write table and picture of all that is.

    Args:
        comparison: what is compared, and how.
        folder: of the clips.
        folds: how many of the configured folds are held out, one after the other; 0: not folds,
            but what the data set calls test.
        out: gets results.json, table.md, comparison.png and a model of each entry.
        console: where progress goes.

    Returns:
        The table.

    Raises:
        ConfigError: the folder holds results of another protocol or on other data, or an entry does
            not fit.
        DatasetError: the clips cannot be read, or the signers do not suffice.
        KeyboardInterrupt: after Ctrl-C; what is done is kept.
    """
    count = comparison.config.folds
    most = count if isinstance(count, int) else len(count)
    if not 0 <= folds <= most:
        raise ConfigError(f'folds: {folds}, allowed are 0 to {most}')
    clips = read_clip_set(folder, comparison.config, console)
    results = _begin(out, comparison.protocol(folder, clips))
    held_out: Sequence[int | None] = range(folds) if folds else (None,)
    _check_division(results, held_out)
    if not folds and 'test' not in clips.splits:
        raise ConfigError(f"folds: 0, but {folder.path} has no split 'test'")
    _check_entries(comparison, results, held_out, clips)
    out.mkdir(parents=True, exist_ok=True)
    for fold in held_out:
        for name, (arch, options) in comparison.entries.items():
            entry = _entry_so_far(results, name, arch, options)
            if fold_name(fold) in entry['folds']:
                continue
            config = replace(comparison.config, name=name, arch=arch, options=options, fold=fold)
            entry.update(_train_fold(config, entry['folds'], clips, folder, out, console))
            results['entries'][name] = entry
            write_whole(out / RESULTS_FILE, json.dumps(results, indent=1) + '\n')
    write_whole(out / TABLE_FILE, table(results))
    pictures.draw_comparison(out / PICTURE_FILE, summaries(results))
    return out / TABLE_FILE


def _begin(out: Path, protocol: dict[str, Any]) -> dict[str, Any]:
    """The results of before, or none yet."""
    file = out / RESULTS_FILE
    if not file.is_file():
        return {'protocol': protocol, 'entries': {}}
    try:
        results: dict[str, Any] = json.loads(file.read_text(encoding='utf-8'))
        before = results['protocol']
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f'{file}: holds no results of a comparison') from error
    # Settings that are younger than the results were what they are by default.
    usual = json.loads(json.dumps(asdict(ClipConfig('compare'))))
    differing = [key for key in protocol if before.get(key, usual.get(key)) != protocol[key]]
    if differing == [_DATA_KEY]:
        raise ConfigError(
            f'out: {file} holds results on other data, or does not say on which; '
            'allowed is a new folder'
        )
    if differing:
        key = differing[0]
        raise ConfigError(
            f'{file}: was made with {key} {before.get(key)!r}, now it is {protocol[key]!r}; '
            'allowed is a new folder'
        )
    return results


def _check_division(results: Mapping[str, Any], folds: Sequence[int | None]) -> None:
    """Refuse to put folds by signer and a data set's own split, which may divide otherwise, in one
    mean.

    Raises:
        ConfigError: the results are of the other.
    """
    own_split = fold_name(None)
    for name, entry in results['entries'].items():
        if entry['folds'] and (own_split in entry['folds']) != (None in folds):
            held_out = "the data set's own split" if None in folds else 'folds'
            raise ConfigError(
                f'folds: the results have {name} with {", ".join(entry["folds"])} held out, now it '
                f'would be {held_out}; allowed is a new folder'
            )


def _check_entries(
    comparison: Comparison,
    results: Mapping[str, Any],
    folds: Sequence[int | None],
    clips: ClipSet,
) -> None:
    """Refuse an entry that does not fit before hours are spent on those ahead of it.

    Raises:
        ConfigError: one does not fit the clips, or the results of before; names it.
    """
    for name, (arch, options) in comparison.entries.items():
        entry = _entry_so_far(results, name, arch, options)
        if all(fold_name(fold) in entry['folds'] for fold in folds):
            continue
        try:
            build_model(replace(comparison.config, name=name, arch=arch, options=options), clips)
        except ConfigError as error:
            raise ConfigError(f'entries: {name}: {error}') from error
        keras.utils.clear_session()


def _entry_so_far(
    results: Mapping[str, Any], name: str, arch: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What is known of an entry.

    Raises:
        ConfigError: it was another architecture, or had other options.
    """
    wanted = json.loads(json.dumps({'arch': arch, 'options': options}))
    entry: dict[str, Any] = results['entries'].get(name, {**wanted, 'folds': {}})
    for key, value in wanted.items():
        if entry[key] != value:
            raise ConfigError(
                f'entries: {name}: {key} {value!r}, the results have it with {entry[key]!r}; '
                'allowed is another name or a new folder'
            )
    return entry


def fold_name(fold: int | None) -> str:
    """As in the results."""
    return 'test' if fold is None else str(fold)


def _train_fold(
    config: ClipConfig,
    folds: dict[str, Any],
    clips: ClipSet,
    folder: ClipFolder,
    out: Path,
    console: Console,
) -> dict[str, Any]:
    """Facts of an entry after one more fold; the first one writes its model and times it."""
    keras.utils.clear_session()
    gc.collect()
    division = divide(clips, config)
    model = build_model(config, clips)
    trained = train_model(config, model, clips, division, None, console)
    assert trained.figures is not None, 'a fold or a split is held out'
    facts: dict[str, Any] = {'folds': folds, 'parameters': model.count_params()}
    path = out / 'models' / f'{config.name}.onnx'
    if not folds:
        path.parent.mkdir(parents=True, exist_ok=True)
        contract = make_contract(config, trained, clips, folder)
        facts['keras_onnx_difference'] = export(trained.model, contract, path)
        facts |= {'file_bytes': path.stat().st_size, 'step_ms': step_ms(path, contract)}
    folds[fold_name(config.fold)] = {
        **trained.figures.summary(),
        'clips': trained.figures.clips,
        'signers': dict(trained.figures.signers),
        'epochs': trained.state.epochs,
        'training_cpu_s': round(trained.state.spent_s, 1),
    }
    console.print(
        f'{config.name}, fold {fold_name(config.fold)}: accuracy {trained.figures.accuracy:.3f}, '
        f'{trained.state.epochs} epochs in {trained.state.spent_s:.0f} s'
    )
    return facts


def step_ms(path: Path, contract: ModelContract) -> float:
    """Median processor time of one window in ONNX Runtime on one core, milliseconds."""
    classifier = OnnxClassifier(path)
    window = probe_windows(contract)[0]
    times_s = []
    for _ in range(_TIMED_STEPS):
        begin_s = time.thread_time()
        classifier(window)
        times_s.append(time.thread_time() - begin_s)
    return round(float(np.median(times_s)) * 1e3, 3)


@dataclass(frozen=True)
class Summary:
    """One line of the table; means over the folds.

    Attributes:
        name: of the entry.
        accuracies: of each fold.
        macro_f1: mean.
        top5: mean.
        parameters: of the model.
        file_bytes: of its ONNX file.
        step_ms: processor time of one window.
        training_s: processor seconds of a fold.
        epochs: mean.
    """

    name: str
    accuracies: tuple[float, ...]
    macro_f1: float
    top5: float
    parameters: int
    file_bytes: int
    step_ms: float
    training_s: float
    epochs: float


def summaries(results: Mapping[str, Any]) -> list[Summary]:
    """All entries, the most accurate first."""
    lines = []
    for name, entry in results['entries'].items():
        folds = [*entry['folds'].values()]
        accuracies, macro_f1, top5 = ([fold[key] for fold in folds] for key in _FOLD_FIGURES)
        lines.append(
            Summary(
                name, tuple(accuracies), float(np.mean(macro_f1)), float(np.mean(top5)),
                entry['parameters'], entry['file_bytes'], entry['step_ms'],
                float(np.mean([fold['training_cpu_s'] for fold in folds])),
                float(np.mean([fold['epochs'] for fold in folds])),
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: -np.mean(line.accuracies))


def table(results: Mapping[str, Any]) -> str:
    """The comparison in Markdown."""
    lines = [
        '| architecture | accuracy | macro F1 | top 5 | parameters | file, MB | step, ms '
        '| training, s | epochs | folds |',
        '|---|---|---|---|---|---|---|---|---|---|',
    ]
    for each in summaries(results):
        spread = f' ± {np.std(each.accuracies):.3f}' if len(each.accuracies) > 1 else ''
        lines.append(
            f'| {each.name} | {np.mean(each.accuracies):.3f}{spread} | {each.macro_f1:.3f} '
            f'| {each.top5:.3f} | {each.parameters:,} | {each.file_bytes / 1e6:.2f} '
            f'| {each.step_ms:.2f} | {each.training_s:.0f} | {each.epochs:.0f} '
            f'| {len(each.accuracies)} |'
        )
    return '\n'.join(lines) + '\n'
