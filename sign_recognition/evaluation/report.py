"""An evaluation as JSON, and against an earlier one.

The same recordings and models give the same text to the last byte: nothing of when or where it was
made is in it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.evaluate import Comparison, Evaluation, Judged, ModelResult
from sign_recognition.evaluation.events import Interval
from sign_recognition.evaluation.metrics import BETTER

FORMAT = 'sign_recognition evaluation 1'
_DIGITS = 6
_DIGEST_LETTERS = 16


class BaselineError(ValueError):
    """A baseline cannot be compared with; the message names it and says why."""


def report(evaluation: Evaluation) -> dict[str, Any]:
    """Everything, for scripts; times in seconds since the first image of a recording, null where
    nothing speaks of a figure."""
    content = {
        'format': FORMAT,
        'recordings': [_recording_row(each) for each in evaluation.recordings],
        'foreign_labels': evaluation.foreign,
        'models': [_model_row(each, evaluation) for each in evaluation.models],
        'comparisons': [_comparison_row(each) for each in evaluation.comparisons],
    }
    rounded: dict[str, Any] = plain(content)
    return rounded


def to_text(content: Mapping[str, Any]) -> str:
    """A report as the text of its file."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def read_baseline(path: Path) -> dict[str, Any]:
    """A report that was written before.

    Raises:
        BaselineError: it is none.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise BaselineError(f'baseline: {path}: {error.strerror}') from error
    except ValueError as error:
        raise BaselineError(f'baseline: {path} is no JSON ({error})') from error
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise BaselineError(f'baseline: {path} is no report of `evaluate` ({FORMAT!r})')
    return content


def regressions(now: Mapping[str, Any], baseline: Mapping[str, Any], tolerance: float) -> list[str]:
    """What got worse, a line each; the first model of either report.

    A figure is worse when it moved the wrong way by more than `tolerance` times its old value, or
    by more than `tolerance` itself where the old value is below 1; and when it is there no more.

    Args:
        now: the new report.
        baseline: the old one.
        tolerance: 0 or more.

    Raises:
        BaselineError: the two are of other recordings, or of another truth.
    """
    _check_same_truth(now, baseline)
    new, old = (each['models'][0]['figures'] for each in (now, baseline))
    worse = []
    for name, direction in BETTER.items():
        before, after = old.get(name), new[name]
        if before is None:
            continue
        allowed = tolerance * max(1.0, abs(before))
        if after is None or direction * (before - after) > allowed:
            worse.append(f'{name}: {after}, was {before}, allowed is a change of {allowed:g}')
    return worse


def _check_same_truth(now: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    rows = [{each['name']: each for each in content['recordings']} for content in (before, now)]
    for name in sorted({*rows[0], *rows[1]}):
        # A report from before truths had a digest says nothing of it: the shorter one ends it.
        for was, is_now in zip(*(_held(each.get(name)) for each in rows), strict=False):
            if was != is_now:
                raise BaselineError(f'baseline: {name}: {was} there, {is_now} here')


def _held(recording: Mapping[str, Any] | None) -> list[str]:
    """What a recording holds, in words, the coarsest first."""
    if recording is None:
        return ['no such recording']
    known = f'{recording["gestures"]} known gestures' if recording['truth_known'] else 'no truth'
    held = [known, f'{recording["seconds"]} s', f'{recording["images"]} images']
    return [*held, f'truth {recording["truth"]}'] if 'truth' in recording else held


def _recording_row(judged: Judged) -> dict[str, Any]:
    outcome = judged.outcomes[0]
    return {
        'name': judged.recording.name,
        'seconds': outcome.duration_s,
        'images': len(outcome.trace.times_s),
        'complete': judged.recorded.complete,
        'truth_known': judged.known,
        'gestures': len(outcome.truth),
        'truth': _truth_digest(judged.truth),
        'latency_ms': {
            stage: {'p50': figures.p50_ms, 'p95': figures.p95_ms}
            for stage, figures in judged.recorded.latency_ms.items()
        },
    }


def _truth_digest(truth: Sequence[Interval] | None) -> str | None:
    """The beginning of the SHA-256 of what was performed, and when."""
    if truth is None:
        return None
    told = sorted((each.label, plain(each.start_s), plain(each.end_s)) for each in truth)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_DIGEST_LETTERS]


def _model_row(model: ModelResult, evaluation: Evaluation) -> dict[str, Any]:
    index = evaluation.models.index(model)
    outcomes = model.outcomes
    jaccard = metrics.jaccard_by_label(outcomes)
    calibration = metrics.reliability(outcomes)
    return {
        'name': model.name,
        'sha256': model.digest,
        'labels': model.labels,
        'counts': {
            'shown': metrics.shown_count(outcomes),
            'found': sum(len(each.found()) for each in outcomes),
            'false': metrics.false_count(outcomes),
            'seconds': sum(each.duration_s for each in outcomes),
        },
        'figures': metrics.figures(outcomes),
        'by_label': {
            label: {
                'shown': row.shown,
                'found': row.found,
                'false': row.false,
                'precision': row.precision,
                'recall': row.recall,
                'f1': row.f1,
                'jaccard': jaccard.get(label, math.nan),
            }
            for label, row in metrics.by_label(outcomes).items()
        },
        'confusion': metrics.confusion(outcomes),
        'reliability': {
            'counts': calibration.counts,
            'score': calibration.confidence,
            'performed': calibration.accuracy,
        },
        'recordings': {
            each.recording.name: _outcome_row(each, index) for each in evaluation.recordings
        },
    }


def _outcome_row(judged: Judged, model: int) -> dict[str, Any]:
    outcome = judged.outcomes[model]
    false = set(outcome.match.false)
    return {
        'events': [
            {
                'label': each.label,
                'start': each.start_s,
                'announced': each.announced_s,
                'end': each.end_s,
                'score': each.score,
                'right': index not in false if judged.known else None,
            }
            for index, each in enumerate(outcome.detections)
        ],
        'missed': [
            {
                'label': each.label,
                'start': each.start_s,
                'end': each.end_s,
                'hand_seen': judged.recorded.hand_seen(each),
            }
            for each in metrics.missed(outcome)
        ],
    }


def _comparison_row(comparison: Comparison) -> dict[str, Any]:
    return {
        'one': comparison.one,
        'other': comparison.other,
        'found_only_by_one': comparison.only_one,
        'found_only_by_other': comparison.only_other,
        'found_p': comparison.found_p,
        'false_per_hour_difference': comparison.false_per_hour,
        'false_per_hour_bounds': comparison.false_bounds,
    }


def plain(value: Any) -> Any:
    """For JSON: lists, rounded numbers, and None where there is no number."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    if isinstance(value, float):
        # Adding zero makes -0.0 plain.
        return round(value, _DIGITS) + 0.0 if math.isfinite(value) else None
    return value
