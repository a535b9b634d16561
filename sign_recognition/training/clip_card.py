"""The card of a model that was trained on clips: what it is, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.model_contract import ModelContract
from sign_recognition.training.clip_config import ClipConfig


def card(
    config: ClipConfig, contract: ModelContract, facts: Mapping[str, Any], folder: ClipFolder
) -> str:
    """A model card in Markdown.

    Args:
        config: the run.
        contract: of the model's file.
        facts: what metrics.json holds.
        folder: of the clips.
    """
    return '\n'.join(
        (
            f'# {config.name}',
            '',
            f'{contract.architecture}, {facts["parameters"]:,} parameters, '
            f'{facts["file_bytes"] / 1e6:.2f} MB. '
            f'It reads {_input(contract)}, and knows: {", ".join(contract.labels)}.',
            '',
            '## Data',
            '',
            f'{contract.training_data}: {facts["clips"]["train"]} clips of '
            f'{len(facts["signers"]["train"])} signers. Licence: {folder.info.licence}.',
            '',
            '## Figures',
            '',
            *_figures(facts),
            '',
            '## How it was made',
            '',
            f'`sign-recognition train --data {folder.path.name} --config config.yaml`, '
            f'revision {facts["revision"] or "not known"}, seed {config.seed}, '
            f'{facts["epochs"]} epochs, {facts["training_cpu_s"]:.0f} s of processor time. '
            'config.yaml, history.csv and metrics.json are beside this card. '
            f'Keras, ONNX and TFLite agree to '
            f'{max(facts["keras_onnx_difference"], facts["keras_tflite_difference"]):.1e}.',
            '',
            '## What it cannot do',
            '',
            _limits(contract, facts),
            '',
        )
    )


def _input(contract: ModelContract) -> str:
    window = f'{contract.window_frames} frames'
    if contract.clip_fit == 'newest':
        window += f' at {contract.rate_hz:g} Hz'
    else:
        window += ', to which a clip is stretched'
    if contract.images is not None:
        size = f'{contract.images.width}x{contract.images.height}'
        return f'images ({contract.images.content}, {size}) of {window}'
    return f'landmarks ({contract.space}) of {window}'


def _figures(facts: Mapping[str, Any]) -> list[str]:
    held_out = facts['held_out']
    if held_out is None:
        return ['No clip was held out: nothing is known of its worth.']
    told = [
        f'On {held_out["clips"]} clips {_of_whom(facts)}:',
        '',
        '| accuracy | top 5 | macro F1 | mean of signers | worst signer |',
        '|---|---|---|---|---|',
        f'| {held_out["clip_accuracy"]:.3f} | {held_out["clip_top5"]:.3f} '
        f'| {held_out["clip_macro_f1"]:.3f} | {_number(held_out, "clip_signer_mean")} '
        f'| {_number(held_out, "clip_signer_worst")} |',
        '',
        '| label | clips | precision | recall | F1 |',
        '|---|---|---|---|---|',
    ]
    for label, each in held_out['classes'].items():
        told.append(
            f'| {label} | {each["clips"]} | {each["precision"]:.3f} | {each["recall"]:.3f} '
            f'| {each["f1"]:.3f} |'
        )
    return [*told, '', '![Confusion](confusion.png) ![Learning curves](learning_curves.png)']


def _of_whom(facts: Mapping[str, Any]) -> str:
    """Whether training saw the signers of the held-out clips, in words."""
    train, stop, held_out = (set(facts['signers'][name]) for name in ('train', 'stop', 'held_out'))
    if held_out & (train | stop):
        return 'of THE SAME signers as in training, which flatters'
    if facts['held_out_of_unknown_signers']:
        return 'of signers who are NOT KNOWN: where training saw them, it flatters'
    return f'of signers that training never saw ({", ".join(sorted(held_out))})'


def _number(figures: Mapping[str, Any], name: str) -> str:
    return f'{figures[name]:.3f}' if name in figures else '-'


def _limits(contract: ModelContract, facts: Mapping[str, Any]) -> str:
    limits = ['It was trained on clips that hold one sign each; its decision thresholds are']
    limits.append('those of any model, not calibrated on streams.')
    if facts['clips_of_none'] == 0:
        limits.append('It never saw what is no sign, and names everything one.')
    if contract.space != 'image':
        limits.append(f"It reads landmarks of space '{contract.space}', which no camera gives.")
    return ' '.join(limits)
