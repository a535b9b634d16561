"""An evaluation in the terminal."""

from __future__ import annotations

import math

from rich.table import Table

from sign_recognition.evaluation import metrics
from sign_recognition.evaluation.evaluate import Evaluation, ModelResult
from sign_recognition.evaluation.words import comparison_text, figure_name, figure_text


def figures_table(evaluation: Evaluation) -> Table:
    """Every figure, a column for each model."""
    columns = [metrics.figures(each.outcomes) for each in evaluation.models]
    table = Table(title='all recordings', title_justify='left')
    table.add_column('')
    for model in evaluation.models:
        table.add_column(model.name, justify='right')
    for name in metrics.BETTER:
        table.add_row(figure_name(name), *(figure_text(name, each[name]) for each in columns))
    return table


def label_table(model: ModelResult) -> Table:
    """Every gesture of one model."""
    table = Table(title=f'gesture by gesture: {model.name}', title_justify='left')
    table.add_column('')
    for heading in ('shown', 'found', 'false', 'recall', 'precision', 'F1', 'Jaccard'):
        table.add_column(heading, justify='right')
    jaccard = metrics.jaccard_by_label(model.outcomes)
    for label, row in metrics.by_label(model.outcomes).items():
        shares = (row.recall, row.precision, row.f1, jaccard.get(label, math.nan))
        table.add_row(
            label,
            *map(str, (row.shown, row.found, row.false)),
            *(figure_text('', each) for each in shares),
        )
    return table


def notes(evaluation: Evaluation) -> list[str]:
    """What a reader of the figures has to know, a line each."""
    lines = [comparison_text(each) for each in evaluation.comparisons]
    if evaluation.foreign:
        names = ', '.join(evaluation.foreign)
        lines.append(f'no model knows these labels, they must stay silent: {names}')
    unknown = [each.recording.name for each in evaluation.recordings if not each.known]
    if unknown:
        lines.append(
            f'no truth is known, in no figure (--silent: nothing was performed): {unknown}'
        )
    cut = [each.recording.name for each in evaluation.recordings if not each.recorded.complete]
    if cut:
        lines.append(f'cut, read up to there: {", ".join(cut)}')
    return lines
