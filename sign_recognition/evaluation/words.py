"""Figures in words, for the terminal and the page."""

from __future__ import annotations

import math

from sign_recognition.evaluation.evaluate import Comparison

_NAMES = {
    'detection_rate': 'gestures found',
    'false_positive_ratio': 'false events per gesture',
    'jaccard_index': 'Jaccard index',
    'levenshtein_accuracy': 'Levenshtein accuracy',
    'macro_f1': 'F1, mean of the gestures',
    'false_per_hour': 'false events per hour',
    'idle_false_per_hour': 'false events per idle hour',
    'delay_after_end_p50_s': 'delay after the stroke, median',
    'delay_after_end_p95_s': 'delay after the stroke, p95',
    'delay_after_start_p50_s': 'delay after its beginning, median',
    'delay_after_start_p95_s': 'delay after its beginning, p95',
    'calibration_error': 'calibration error',
    'repeats_found': 'found, of the second of two alike',
    'event_jaccard': 'Jaccard index of the events',
    'gestures_false_per_hour': 'false events per hour of gestures',
    'talking_false_per_hour': 'false events per hour of talking hands',
    'footage_false_per_hour': 'false events per hour of footage',
}
_SHARES = ('detection_rate', 'repeats_found')


def figure_text(name: str, value: float) -> str:
    """A figure as it is shown; a dash where there is none."""
    if math.isnan(value):
        return '–'
    if name in _SHARES:
        return f'{value:.1%}'
    if name.endswith('_s'):
        return f'{value:.2f} s'
    return f'{value:.1f}' if name.endswith('_hour') else f'{value:.3f}'


def figure_name(name: str) -> str:
    """A figure in words."""
    return _NAMES[name]


def comparison_text(comparison: Comparison) -> str:
    """Two models in two sentences."""
    low, high = comparison.false_bounds
    bounds = (
        'too little was recorded for bounds'
        if math.isnan(low)
        else (f'95 % sure between {low:+.1f} and {high:+.1f}')
    )
    return (
        f'{comparison.other} against {comparison.one}: of the gestures, {comparison.only_other} '
        f'are found by {comparison.other} alone and {comparison.only_one} by {comparison.one} '
        f'alone (McNemar, exact: p = {comparison.found_p:.3f}). False events per hour: '
        f'{comparison.false_per_hour:+.1f} ({bounds}, paired bootstrap).'
    )
