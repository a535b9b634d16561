"""The configuration of a training on streams: a YAML file as config/train has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.training.clip_config import read_recipe
from sign_recognition.training.odds import check_odds
from sign_recognition.training.refinement import Refinement
from sign_recognition.training.run_folder import CONFIG_FILE
from sign_recognition.training.second_opinion import SecondOpinion
from sign_recognition.training.settings import (
    MAPPING,
    NAME,
    NAMES,
    OF_BOTH_RECIPES,
    SHARE,
    ConfigError,
    Kind,
    as_names,
    check,
    located,
    whole_number,
)
from sign_recognition.vocabulary import GESTURES

CLASS_NAMES = (*GESTURES, NONE_LABEL)
OPINION_FOLDER = 'second_opinion'
_KINDS: Mapping[str, Kind] = {
    **OF_BOTH_RECIPES,
    **dict.fromkeys(('architecture', 'shrec17'), NAME),
    **dict.fromkeys(('architecture_options', 'decision'), MAPPING),
    'foreign_videos': NAMES,
    'streams': whole_number(1),
    **dict.fromkeys(('fresh_streams', 'foreign_streams', 'foreign_asl8_clips'), whole_number(0)),
    'scripted_share': SHARE,
    # A half chooses thresholds, the other judges.
    'scored_streams': whole_number(2),
}


@dataclass(frozen=True)
class StreamConfig:
    """One training on streams; every knob is here, and the YAML files of config/train name them.

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
        scripted_share: of the invented streams, the share in which nobody's clips are performed,
            but the script of the rendered signer; by other people than users are shown.
        batch: windows per step.
        learning_rate: highest rate of the cosine schedule.
        label_smoothing: share of each label given to all classes.
        scored_streams: held-out streams to calibrate and score on (half each).
        odds: label to how many times as probable it is as the networks say; see `odds.weigh`.
        decision: fields of DecisionThresholds that the model gets; empty: they are chosen.
        refinement: passes more after these, with another scripted_share; None: there are none.
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
    scripted_share: float = 0.0
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
    def read(cls, path: Path) -> StreamConfig:
        """Read a YAML file.

        Raises:
            ConfigError: it is missing or no YAML, an entry is unknown or not as allowed; names the
                file and the entry.
        """
        _, values = read_recipe(path)
        with located(f'config: {path}'):
            return cls._from_values(values, path.parent)

    @classmethod
    def _from_values(cls, values: dict[str, Any], folder: Path) -> StreamConfig:
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

    def refined(self, refinement: Refinement) -> StreamConfig:
        """A refinement as a run of its own, which goes on with no model but this one's."""
        return replace(
            self,
            name=f'refined after {self.epochs} epochs',
            seed=self.seed + 1,
            epochs=refinement.epochs,
            learning_rate=refinement.learning_rate,
            scripted_share=refinement.scripted_share,
            refinement=None,
            second_opinion=None,
        )
