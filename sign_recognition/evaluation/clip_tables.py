"""An evaluation on whole clips, in the terminal and as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np
from rich.table import Table

from sign_recognition.datasets.clip_folder import ClipFolder
from sign_recognition.evaluation.clip_figures import ClipFigures
from sign_recognition.evaluation.clips import ClipResult
from sign_recognition.web_page import heat_cell, web_page


def summary(figures: ClipFigures) -> dict[str, str]:
    """The figures that are one number, in words."""
    return {
        'clips': str(figures.clips),
        'accuracy': f'{figures.accuracy:.4f}',
        'macro F1': f'{figures.macro_f1:.4f}',
        'top 5': f'{figures.top5:.4f}',
        'mean of the signers': f'{figures.signer_mean:.4f}',
        'worst signer': f'{figures.signer_worst:.4f}',
    }


def _kinds(result: ClipResult) -> Iterator[tuple[str, ClipFigures]]:
    """The model's labels, and its finer ones where there are any."""
    for figures in (result.figures, result.fine):
        if figures:
            shown = sum(each.clips > 0 for each in figures.classes.values())
            yield f'{result.name}, {shown} labels', figures


def clip_tables(results: Sequence[ClipResult]) -> Iterator[Table]:
    """All figures together, then each model label by label."""
    columns = [each for result in results for each in _kinds(result)]
    table = Table(title='all clips', title_justify='left')
    table.add_column('')
    for name, _ in columns:
        table.add_column(name, justify='right')
    told = [summary(figures) for _, figures in columns]
    for key in told[0]:
        table.add_row(key, *(each[key] for each in told))
    yield table
    for result in results:
        yield _label_table(result)


def _label_table(result: ClipResult) -> Table:
    table = Table(title=f'label by label: {result.name}', title_justify='left')
    table.add_column('')
    for heading in ('clips', 'recall', 'precision', 'F1'):
        table.add_column(heading, justify='right')
    for label, each in result.figures.classes.items():
        shares = (f'{value:.3f}' for value in (each.recall, each.precision, each.f1))
        table.add_row(label, str(each.clips), *shares)
    return table


def clip_page(folder: ClipFolder, results: Sequence[ClipResult], view: str) -> str:
    """The whole HTML file; `view` as in `clip_report`."""
    parts = [
        '<h1>Clip evaluation</h1>',
        f'<p class="dim">{escape(folder.info.name)}: {folder.count} clips, view: {view}.</p>',
    ]
    for result in results:
        for name, figures in _kinds(result):
            parts += [f'<h2>{escape(name)}</h2>', _tiles(figures), _matrix(figures)]
        parts.append(_signers(result.figures))
    return web_page('Clip evaluation', parts)


def _tiles(figures: ClipFigures) -> str:
    tiles = ''.join(
        f'<div class="tile"><span class="dim">{name}</span><b>{text}</b></div>'
        for name, text in summary(figures).items()
    )
    return f'<div class="tiles">{tiles}</div>'


def _matrix(figures: ClipFigures) -> str:
    used = np.flatnonzero(figures.confusion.sum(axis=0) + figures.confusion.sum(axis=1))
    heads = ''.join(f'<th>{escape(figures.labels[column])}</th>' for column in used)
    rows = ''.join(
        f'<tr><td>{escape(figures.labels[row])}</td>'
        + ''.join(_cell(figures, row, column) for column in used)
        + '</tr>'
        for row in used
    )
    return (
        f'<section><table class="matrix"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}'
        '</tbody></table><p class="dim">Rows: shown. Columns: said.</p></section>'
    )


def _cell(figures: ClipFigures, row: int, column: int) -> str:
    count = int(figures.confusion[row, column])
    if not count:
        return '<td></td>'
    return heat_cell(str(count), count / figures.confusion[row].sum(), row == column)


def _signers(figures: ClipFigures) -> str:
    rows = ''.join(
        f'<tr><td>{escape(signer)}</td><td>{accuracy:.3f}</td></tr>'
        for signer, accuracy in figures.signers.items()
    )
    return f'<section><h3>Signer by signer</h3><table>{rows}</table></section>' if rows else ''
