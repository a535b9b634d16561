"""What the user sees of the live graph in the terminal."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sign_recognition.graph import CONTROL
from sign_recognition.live.record import STAGES, LiveRecord, SeenEvent
from sign_recognition.motion import velocity_in_words

_BAR_WIDTH = 24
_MESSAGES = 6
_STATUS_PERIOD_S = 5.0
_STAGE_TEXTS = {
    'landmarks': 'camera to landmarks',
    'recognition': 'camera to scores',
    'camera_to_command': 'camera to command',
}


class PlainView:
    """A line for each thing that happens; for logs and pipes.

    Args:
        record: the state to show.
        console: where to.
    """

    def __init__(self, record: LiveRecord, console: Console) -> None:
        self._record = record
        self._console = console
        self._next_status_s = 0.0
        self._last_command = ''
        self._told_command = ''

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def message(self, text: str) -> None:
        """Show a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def alarm(self, text: str, lines: Sequence[str]) -> None:
        """Say that a node died; its last lines were shown when it printed them."""
        self.message(text)

    def gesture(self, event: SeenEvent) -> None:
        """Show that a gesture started."""
        with self._record:
            at_s = (event.stamp_ns - self._record.origin_ns()) / 1e9
        self.message(f'{at_s:8.2f} s  gesture  {event.label}  {event.score:.2f}')

    def refresh(self) -> None:
        """Show a changed command, and now and then the rates."""
        with self._record:
            command = command_text(self._record)
            # A ramp is told once, when it has arrived.
            if command == self._last_command != self._told_command:
                self.message(f'{"":11} command  {command}')
                self._told_command = command
            self._last_command = command
            now_s = time.monotonic()
            if now_s >= self._next_status_s:
                self._next_status_s = now_s + _STATUS_PERIOD_S
                rate_hz, age = self._record.recent('camera_to_command', now_s)
                if rate_hz:
                    self.message(
                        f'{"":11} {rate_hz:.1f} Hz, camera to command '
                        f'{age.p50_ms:.0f} ms (p95 {age.p95_ms:.0f} ms)'
                    )


class RichView:
    """The state, refreshed in place.

    Args:
        record: the state to show.
        console: where to.
        title: above everything.
    """

    def __init__(self, record: LiveRecord, console: Console, title: str) -> None:
        self._record = record
        self._title = title
        self._messages: deque[str] = deque(maxlen=_MESSAGES)
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def __enter__(self) -> RichView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.refresh()
        self._live.stop()

    def message(self, text: str) -> None:
        """Keep a line for the lower panel."""
        self._messages.append(text)

    def alarm(self, text: str, lines: Sequence[str]) -> None:
        """Say above the picture, to stay, that a node died, with its last lines."""
        self._live.console.print('\n'.join([text, *lines]), markup=False, highlight=False)

    def gesture(self, event: SeenEvent) -> None:
        """Keep a started gesture for the lower panel."""
        with self._record:
            at_s = (event.stamp_ns - self._record.origin_ns()) / 1e9
        self.message(f'{at_s:8.2f} s  {event.label}  {event.score:.2f}')

    def refresh(self) -> None:
        """Draw the state of now."""
        with self._record:
            self._live.update(self.render(time.monotonic()), refresh=True)

    def render(self, now_s: float) -> Panel:
        """The whole picture."""
        parts = Group(
            self._gesture_line(),
            scores_table(self._record),
            Text.assemble(('command  ', 'dim'), (command_text(self._record), 'bold cyan')),
            stages_table(self._record, now_s),
            Text('\n'.join(self._messages), style='dim', no_wrap=True, overflow='ellipsis'),
        )
        return Panel(parts, title=self._title, subtitle='Ctrl-C stops the robot and ends')

    def _gesture_line(self) -> Text:
        current = self._record.current()
        if current is not None:
            return Text(f'{current.label}  {current.score:.2f}', style='bold green')
        hands = {0: 'no hand in view', 1: 'one hand in view', 2: 'two hands in view'}
        return Text(hands.get(self._record.hands_seen, ''), style='dim')


def scores_table(record: LiveRecord) -> Table:
    """The three most probable labels."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=14)
    table.add_column(min_width=_BAR_WIDTH)
    table.add_column(justify='right')
    rows = record.top(3) or [('', 0.0)] * 3
    for label, score in rows:
        bar = Text('█' * round(score * _BAR_WIDTH), style='green')
        table.add_row(label, bar, f'{score:.2f}' if label else '')
    return table


def stages_table(record: LiveRecord, now_s: float) -> Table:
    """Rate and latency of each stage, and what was dropped."""
    table = Table(box=None, padding=(0, 2), header_style='dim')
    table.add_column('')
    for heading in ('Hz', 'p50 ms', 'p95 ms'):
        table.add_column(heading, justify='right')
    for stage in STAGES:
        rate_hz, age = record.recent(stage, now_s)
        table.add_row(_STAGE_TEXTS[stage], f'{rate_hz:.1f}', number(age.p50_ms), number(age.p95_ms))
    dropped = sum(record.drops().values())
    restarted = sum(record.restarts.values())
    table.add_row(Text(f'dropped {dropped}, restarts {restarted}', style='dim'))
    return table


def command_text(record: LiveRecord) -> str:
    """The newest command in words."""
    latched = record.nodes.get(CONTROL, {}).get('latched') == 'True'
    rest = 'stopped until re-armed' if latched else 'at rest'
    return ', '.join(velocity_in_words(record.velocity)) or rest


def number(value: float) -> str:
    """A figure, or a dash where there is none."""
    return '-' if math.isnan(value) else f'{value:.0f}'
