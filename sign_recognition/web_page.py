"""HTML files that need nothing beside them: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #1d2733;
  background: #f1f4f7; margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 27px; margin: 0 0 2px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 34px 0 10px; }
h3 { font-size: 14px; margin: 16px 0 4px; font-weight: 600; }
p { margin: 4px 0 10px; max-width: 82ch; }
.dim { color: #66727f; }
section { background: #fff; border: 1px solid #dde3ea; border-radius: 10px; padding: 16px 20px 18px;
  margin: 12px 0; overflow-x: auto; }
.row { display: flex; gap: 14px; flex-wrap: wrap; align-items: flex-start; }
.row > section { margin: 0; flex: 1 1 auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px;
  margin: 18px 0 4px; }
.tile { background: #fff; border: 1px solid #dde3ea; border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 25px; font-weight: 650; letter-spacing: -.02em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #edf0f4; }
th { color: #66727f; font-weight: 500; }
th:first-child, td:first-child { text-align: left; }
.matrix td { text-align: center; min-width: 26px; padding: 3px 5px; border: 1px solid #edf0f4; }
.matrix td:first-child { text-align: right; border: 0; padding-right: 8px; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  border: 0; padding: 6px 4px; }
.bar { display: inline-block; width: 70px; height: 8px; background: #e7ebf0; border-radius: 4px;
  margin-left: 8px; vertical-align: 1px; }
.bar i { display: block; height: 8px; border-radius: 4px; background: #2f6fb5; }
.good { color: #1c7c43; } .bad { color: #c62f39; }
.moments { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 14px; }
.moment { background: #fff; border: 1px solid #dde3ea; border-radius: 10px; overflow: hidden; }
.moment img { display: block; width: 100%; }
.moment div { padding: 8px 12px 10px; }
.tag { display: inline-block; border-radius: 4px; padding: 0 7px; font-size: 12px; color: #fff;
  margin-right: 6px; }
svg.wide { display: block; width: 100%; height: auto; }
svg text { font-family: inherit; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin: 0 5px 0 14px; }
"""


def web_page(title: str, parts: Iterable[str]) -> str:
    """A whole HTML file.

    Args:
        title: in plain words.
        parts: HTML of its body, one below the other.
    """
    body = '\n'.join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width"/>'
        f'<title>{escape(title)}</title><style>{_STYLE}</style></head>\n'
        f'<body><main>\n{body}\n</main></body></html>\n'
    )


def heat_cell(text: str, share: float, right: bool) -> str:
    """A cell of a table, the stronger in colour the larger the share.

    Args:
        text: in the cell.
        share: 0 to 1; 0 has none.
        right: in the colour of what is right; else of what is wrong.
    """
    if not share:
        return f'<td>{text}</td>'
    colour = '47,111,181' if right else '198,47,57'
    ink = '#fff' if share > 0.55 else '#1d2733'
    return (
        f'<td style="background:rgba({colour},{0.15 + 0.75 * share:.2f});color:{ink}">{text}</td>'
    )
