"""The description of a data set as a table for the terminal and as one HTML file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from itertools import islice

import numpy as np
from rich.table import Table

from sign_recognition.datasets.description import (
    MISSING_COLUMNS,
    NOT_KNOWN,
    Description,
    Leaks,
)
from sign_recognition.web_page import heat_cell, web_page

_SHOWN_LABELS = 20
_SHOWN_PAIRS = 10
_BINS = 30
_BLUE, _DIM = '#2f6fb5', '#66727f'


def facts(description: Description) -> dict[str, str]:
    """The figures in words, one line each."""
    each = description
    frames = each.frames
    return {
        'name': each.info.name,
        'kind': each.info.kind,
        'licence': each.info.licence,
        'clips': f'{len(frames)}, {each.duration_s / 60:.1f} minutes',
        'classes': f'{len(each.labels)}, of {_range(each.labels.values())} clips',
        'signers': _signers_text(each.signers),
        'splits': _counts_text(each.splits),
        'official splits': _counts_text(each.official),
        'frames per clip': f'{_range(frames)}, median {np.median(frames):.0f}',
        'frames without': _missing_text(each),
        'same clips': f'{each.duplicates} are copies of another to the last bit',
        'leaks': leaks_text(each.leaks),
    }


def leaks_text(leaks: Leaks) -> str:
    """What leaks, in a line."""
    between = f'between {leaks.groups}s'
    found = [
        f'{len(pairs)} {words}'
        for pairs, words in (
            (leaks.same, 'copies'), (leaks.near, 'near copies'), (leaks.signers, 'signers'),
        )
        if pairs
    ]  # fmt: skip
    return f'{", ".join(found)} {between}' if found else f'none found {between}'


def table(description: Description) -> Table:
    """The figures for the terminal."""
    shown = Table(show_header=False)
    for name, text in facts(description).items():
        shown.add_row(name, text)
    return shown


def page(description: Description) -> str:
    """The whole HTML file: figures, the largest classes, lengths, what is missing, leaks."""
    name = escape(description.info.name)
    rows = ''.join(
        f'<tr><td>{escape(key)}</td><td style="text-align:left">{escape(text)}</td></tr>'
        for key, text in facts(description).items()
    )
    return web_page(
        f'Data set {description.info.name}',
        [
            f'<h1>Data set {name}</h1>',
            f'<section><table>{rows}</table></section>',
            f'<h2>The largest {min(_SHOWN_LABELS, len(description.labels))} classes</h2>',
            f'<section>{_bars(description.labels)}</section>',
            '<h2>Frames per clip</h2>',
            f'<section>{_histogram(description.frames)}</section>',
            '<h2>Frames in which nothing was seen of a part</h2>',
            f'<section>{_heat_map(description)}</section>',
            *_leaks(description.leaks),
        ],
    )


def _range(counts: Collection[int]) -> str:
    fewest, most = min(counts), max(counts)
    return f'{fewest}' if fewest == most else f'{fewest} to {most}'


def _signers_text(signers: Mapping[str, int]) -> str:
    known = {name: count for name, count in signers.items() if name != NOT_KNOWN}
    text = f'{len(known)}, of {_range(known.values())} clips' if known else ''
    if NOT_KNOWN in signers:
        text += f'{", and " if text else ""}{signers[NOT_KNOWN]} clips of signers not known'
    return text


def _counts_text(counts: Mapping[str, int]) -> str:
    if set(counts) == {NOT_KNOWN}:
        return 'none'
    return ', '.join(f'{name} {count}' for name, count in counts.items())


def _missing_text(description: Description) -> str:
    # Classes weigh alike, however many clips they have.
    shares = np.mean(list(description.missing.values()), axis=0)
    pairs = zip(MISSING_COLUMNS, shares, strict=True)
    return ', '.join(f'{name} {share:.0%}' for name, share in pairs)


def _bars(labels: Mapping[str, int]) -> str:
    most = max(labels.values())
    rows = ''.join(
        f'<tr><td>{escape(label)}</td><td>{count}</td>'
        f'<td style="width:70%;padding:3px 0"><div style="height:13px;border-radius:3px;'
        f'background:{_BLUE};width:{100 * count / most:.1f}%"></div></td></tr>'
        for label, count in islice(labels.items(), _SHOWN_LABELS)
    )
    rest = len(labels) - _SHOWN_LABELS
    more = f'<p class="dim">and {rest} classes more</p>' if rest > 0 else ''
    return f'<table style="width:100%">{rows}</table>{more}'


def _histogram(frames: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Clips over their lengths, as SVG; the longest hundredth is in the last bar."""
    end = max(int(np.percentile(frames, 99)), int(frames.min()) + 1) + 1
    edges = np.linspace(frames.min(), end, min(_BINS, end - int(frames.min())) + 1)
    counts, _ = np.histogram(np.minimum(frames, end), edges)
    width, height, most = 1000 / len(counts), 180, counts.max()
    bars = ''.join(
        f'<rect x="{i * width + 1:.1f}" y="{height * (1 - n / most):.1f}" '
        f'width="{width - 2:.1f}" height="{height * n / most:.1f}" fill="{_BLUE}">'
        f'<title>{n} clips of {edges[i]:.0f} to {edges[i + 1]:.0f} frames</title></rect>'
        for i, n in enumerate(counts)
    )
    ticks = ''.join(
        f'<text x="{x}" y="{height + 16}" fill="{_DIM}" font-size="12" text-anchor="{anchor}">'
        f'{edges[0] + (edges[-1] - edges[0]) * x / 1000:.0f}</text>'
        for x, anchor in ((0, 'start'), (500, 'middle'), (1000, 'end'))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wide" viewBox="0 0 1000 {height + 22}">'
        f'{bars}{ticks}</svg><p class="dim">The highest bar: {most} clips.</p>'
    )


def _heat_map(description: Description) -> str:
    heads = ''.join(f'<th>{name}</th>' for name in ('', *MISSING_COLUMNS))
    rows = ''.join(
        f'<tr><td>{escape(label)}</td>'
        + ''.join(heat_cell(f'{share:.0%}', share, right=False) for share in shares)
        + '</tr>'
        for label, shares in description.missing.items()
    )
    return f'<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _leaks(leaks: Leaks) -> Sequence[str]:
    if not leaks.any:
        return []
    parts = ['<h2>What leaks</h2>', f'<p>{escape(leaks_text(leaks))}</p>', '<section>']
    for title, pairs in (('Copies', leaks.same), ('Near copies', leaks.near)):
        if pairs:
            lines = ''.join(
                f'<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>'
                for a, b in pairs[:_SHOWN_PAIRS]
            )
            parts.append(f'<h3>{title} ({len(pairs)})</h3><table>{lines}</table>')
    if leaks.signers:
        parts.append(f'<h3>Signers</h3><p>{escape(", ".join(leaks.signers))}</p>')
    return [*parts, '</section>']
