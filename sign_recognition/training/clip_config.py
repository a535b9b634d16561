"""The configuration of a training on clips: a YAML file as config/train has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sign_recognition.model_contract import CLIP_FITS, ImageInput
from sign_recognition.training.settings import (
    BELOW_ONE,
    MAPPING,
    MAPPINGS,
    NAME,
    NAMES,
    NOT_NEGATIVE,
    OF_BOTH_RECIPES,
    POSITIVE,
    SHARE,
    ConfigError,
    Kind,
    as_mappings,
    as_names,
    as_text,
    check,
    is_names,
    one_of,
    whole_number,
)
from sign_recognition.yaml_file import read_yaml

RECIPES = ('streams', 'clips')
VIEWS = ('recorded', 'camera')


def _is_folds(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) >= 2 and all(map(is_names, value))
    return whole_number(2).fits(value)


_KINDS: Mapping[str, Kind] = {
    **OF_BOTH_RECIPES,
    'arch': NAME,
    'clip_fit': one_of(CLIP_FITS),
    'view': one_of(VIEWS),
    'images': Kind(
        'a mapping of height, width and content', lambda value: isinstance(value, ImageInput)
    ).or_nothing(),
    **dict.fromkeys(('options', 'left_hand'), MAPPING),
    **dict.fromkeys(('skip_labels', 'foreign', 'foreign_skip'), NAMES),
    **dict.fromkeys(('corrections', 'augment'), MAPPINGS),
    **dict.fromkeys(('rests', 'foreign_weight', 'balance'), SHARE),
    'folds': Kind('a whole number, 2 or more, or as many lists of signers', _is_folds),
    'fold': whole_number(0).or_nothing(),
    'budget_s': POSITIVE.or_nothing(),
    'weight_decay': NOT_NEGATIVE,
    'ema': BELOW_ONE,
    'patience': whole_number(0),
}


@dataclass(frozen=True)
class ClipConfig:
    """One training on clips; every knob is here.

    Attributes:
        name: of the model.
        arch: module of training/architectures.
        options: keyword arguments of its build().
        seed: of everything random.
        window_frames: frames in the window (T).
        rate_hz: frames per second of the window.
        clip_fit: how a clip becomes a window, as in ModelContract.
        view: 'recorded' (clips as they are) or 'camera' (clips in metres as a virtual camera sees
            them: what a live model reads).
        images: height, width and content, for an architecture that reads images.
        skip_labels: clips of these are left out.
        corrections: what clips of one signer and label really show, in training alone: mappings
            with signer, label and, where they are trained on at all, shown. Who is held out is
            judged by the label.
        foreign: more data sets, as folders from the folder of the data: their clips are trained on
            as 'none' where their label is not one of the vocabulary, cut into windows. One source
            in as many as there are folds is held out.
        foreign_skip: of those, clips from these sources are left out.
        rests: share of the training clips whose beginning, before the hands are up, becomes one
            more clip of 'none': a sign that is not made.
        foreign_weight: how much a clip of foreign and rests weighs beside one of the data.
        odds: label to how many times as probable it is as the network says; see `odds.weigh`. With
            'none' below 1 fewer signs are refused, where a clip is known to hold one.
        left_hand: labels that change places in a mirror, each pair once. The finished model then
            takes a left hand for its mirror twin; the clips are of right hands.
        balance: 0 to 1: a clip weighs (clips of its signer and label) ** -balance.
        held_out_signers: never trained on; all figures are theirs. With a fold these are its own.
        folds: number of folds by signer; or a list of lists of signers.
        fold: which of them is held out; None: held_out_signers, or else the clips that the data
            set calls 'test', or else none.
        augment: steps as training/clip_augmentation.py describes them.
        epochs: at most so many passes over the clips.
        budget_s: at most so many seconds of processor time for training; None is no limit.
        batch: windows per step.
        learning_rate: highest rate; it falls to 1 % along half a cosine.
        weight_decay: of AdamW.
        label_smoothing: share of each label given to all classes.
        ema: share of the running mean of the weights that stays in each step; 0 is none.
        patience: training ends so many epochs after the loss on some of the training signers was
            lowest; 0: they are trained on instead, to the last epoch.
    """

    name: str
    arch: str = 'conv_attention'
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    window_frames: int = 40
    rate_hz: float = 20.0
    clip_fit: str = 'resample'
    view: str = 'recorded'
    images: ImageInput | None = None
    skip_labels: tuple[str, ...] = ()
    corrections: tuple[Mapping[str, str], ...] = ()
    foreign: tuple[str, ...] = ()
    foreign_skip: tuple[str, ...] = ()
    rests: float = 0.0
    foreign_weight: float = 1.0
    odds: Mapping[str, float] = field(default_factory=dict)
    left_hand: Mapping[str, str] = field(default_factory=dict)
    balance: float = 0.0
    held_out_signers: tuple[str, ...] = ()
    folds: int | tuple[tuple[str, ...], ...] = 5
    fold: int | None = None
    augment: tuple[dict[str, Any], ...] = ()
    epochs: int = 60
    budget_s: float | None = None
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    ema: float = 0.0
    patience: int = 0

    def __post_init__(self) -> None:
        check(self, _KINDS)
        for each in self.corrections:
            known = {'signer', 'label'} <= set(each) <= {'signer', 'label', 'shown'}
            if not known or not is_names(tuple(each.values())):
                raise ConfigError(
                    f'corrections: {dict(each)}, allowed are signer and label, and shown: '
                    'each a name, yes and no in quotes'
                )
        count = self.folds if isinstance(self.folds, int) else len(self.folds)
        if self.fold is not None and self.fold >= count:
            raise ConfigError(f'fold: {self.fold}, allowed are 0 to {count - 1}')

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> ClipConfig:
        """What a YAML file holds.

        Raises:
            ConfigError: a setting is unknown or not as allowed.
        """
        unknown = sorted(map(str, set(values) - set(cls.__dataclass_fields__)))
        if unknown:
            raise ConfigError(f'{", ".join(unknown)}: no setting of a training on clips')
        if 'name' not in values:
            raise ConfigError('name: missing')
        values = dict(values)
        for key in ('skip_labels', 'held_out_signers', 'foreign', 'foreign_skip'):
            values[key] = as_names(values.get(key))
        for key in ('augment', 'corrections'):
            values[key] = as_mappings(values.get(key))
        if MAPPINGS.fits(values['corrections']):
            values['corrections'] = tuple(
                {key: as_text(value) for key, value in each.items()}
                for each in values['corrections']
            )
        values |= {key: {} for key in ('options', 'left_hand', 'odds') if values.get(key) is None}
        if isinstance(values.get('folds'), list):
            values['folds'] = tuple(map(as_names, values['folds']))
        try:
            if isinstance(values.get('images'), dict):
                values['images'] = ImageInput(**values['images'])
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ConfigError(str(error)) from error

    def to_text(self) -> str:
        """The YAML file that gives this configuration."""
        values = {'recipe': 'clips', **asdict(self)}
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def read_recipe(path: Path) -> tuple[str, dict[str, Any]]:
    """Which recipe a YAML file is for, and its other settings.

    Raises:
        ConfigError: the file is missing or no YAML, or there is no such recipe.
    """
    try:
        values = read_yaml(path, 'config')
    except OSError as error:
        raise ConfigError(f'config: {path}: {error}') from error
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if not isinstance(values, dict):
        raise ConfigError(f'config: {path}: holds {values!r}, allowed are settings')
    recipe = values.pop('recipe', 'clips')
    if recipe not in RECIPES:
        raise ConfigError(f'config: {path}: recipe {recipe!r}, allowed are {", ".join(RECIPES)}')
    return recipe, values


def read_config(path: Path, **changes: Any) -> ClipConfig:
    """Read a YAML file of the recipe 'clips'; what is given beside it wins, unless None.

    Raises:
        ConfigError: it cannot be followed; names the file.
    """
    _, values = read_recipe(path)
    try:
        config = ClipConfig.from_values(values)
        given = {name: value for name, value in changes.items() if value is not None}
        return replace(config, **given)
    except ConfigError as error:
        raise ConfigError(f'config: {path}: {error}') from error
