"""One run of a graph: processes, monitor and view together."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import queue
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sign_recognition.graph import (
    CAMERA,
    CONTROL,
    FINAL_CODES,
    LiveOptions,
    NodeDescription,
    RecordOptions,
    ReplayOptions,
    live_graph,
    recorder,
    replay_graph,
    set_environment_defaults,
)
from sign_recognition.live.keyboard import Keyboard
from sign_recognition.live.record import LiveRecord, write_report
from sign_recognition.live.supervisor import Exit, Supervisor
from sign_recognition.live.view import PlainView, RichView
from sign_recognition.resources import program_directory

if TYPE_CHECKING:
    from sign_recognition.nodes.label_publisher import LabelPublisher
    from sign_recognition.nodes.monitor import MonitorNode
    from sign_recognition.nodes.zero_command import ZeroCommand

RECORDER = 'recorder_node'
_REFRESH_S = 0.1
# The models load within seconds; after this the source starts whether or not all have told.
_READY_S = 30.0
# How long a gesture at the very end of a file has to arrive.
_DRAIN_S = 1.0
# What the libraries below MediaPipe print at every start, and no user can act on.
_NOISE = ('inference_feedback_manager.cc', 'XNNPACK delegate', 'absl::InitializeLog', 'NORM_RECT')


@dataclass(frozen=True)
class SessionPlan:
    """What to run.

    Attributes:
        title: for the user.
        nodes: of the graph, in the order in which they start.
        source: the node that the images or landmarks come from; empty: none of ours.
        cmd_vel: topic of the commands.
        stamped: the commands are TwistStamped; false: Twist.
        sim_time: the time is that of /clock.
        labels: what the keys 1, 2, ... mark as begun, and pressed again as ended.
    """

    title: str
    nodes: Sequence[NodeDescription]
    source: str
    cmd_vel: str
    stamped: bool
    sim_time: bool = False
    labels: Sequence[str] = ()

    @classmethod
    def live(cls, options: LiveOptions) -> SessionPlan:
        """The live graph."""
        source = CAMERA if options.camera else ''
        return cls(options.source, live_graph(options), source, options.cmd_vel, options.stamped)

    @classmethod
    def replay(cls, options: ReplayOptions) -> SessionPlan:
        """The replay of a bag.

        Raises:
            BagError: the bag cannot be read, or does not hold what is asked for.
            ValueError: an option is wrong.
        """
        title = f'{options.bag}, commands on {options.commands}'
        nodes = replay_graph(options, monitored=True)
        return cls(title, nodes, 'replay_node', options.commands, options.stamped, sim_time=True)

    @classmethod
    def record(
        cls, recording: RecordOptions, options: LiveOptions, own_graph: bool, labels: Sequence[str]
    ) -> SessionPlan:
        """A recorder, with a live graph of its own or beside one that runs already."""
        nodes = [recorder(recording, options.config, options.cmd_vel)]
        title = f'recording to {recording.out}'
        if not own_graph:
            return cls(title, nodes, '', options.cmd_vel, options.stamped, labels=labels)
        plan = cls.live(options)
        return dataclasses.replace(plan, title=title, nodes=[*nodes, *plan.nodes], labels=labels)


class LiveSession:
    """A graph from start to end.

    Args:
        plan: what to run.
        duration_s: end after so long from the first image; None: when the source ends or the
            user does.
        report: JSON file to write at the end.
        plain: lines instead of a picture.
    """

    def __init__(
        self,
        plan: SessionPlan,
        duration_s: float | None = None,
        report: Path | None = None,
        plain: bool = False,
    ) -> None:
        set_environment_defaults()
        self._plan = plan
        self._duration_s = duration_s
        self._report = report
        self._record = LiveRecord()
        self._messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ending = False
        self._exit_code = 0
        # To the robot, where its control node is ours.
        self._zero: ZeroCommand | None = None
        self._first_image_s: float | None = None
        self._source_ended_s: float | None = None
        console = Console()
        self._view: PlainView | RichView = (
            PlainView(self._record, console)
            if plain or not console.is_terminal
            else RichView(self._record, console, f'sign_recognition  {plan.title}')
        )
        self._supervisor = Supervisor(
            {node.name: _command(node) for node in plan.nodes},
            {'RCUTILS_CONSOLE_OUTPUT_FORMAT': '[{severity}] {message}', **os.environ},
            lambda name, line: self._messages.put(f'{name}: {line}'),
            FINAL_CODES,
            restart_commands={node.name: _command(node.again()) for node in plan.nodes},
        )

    def run(self) -> int:
        """Run to the end.

        Returns:
            Exit status: 0; 1 where a node could not do its work; 2 where ROS 2 does not start.
        """
        from sign_recognition.nodes.runner import StartError

        try:
            self._run()
        except StartError as error:
            print(f'error: {error}', file=sys.stderr)
            return 2
        if self._report is not None:
            write_report(self._report, self._record.report())
        return self._exit_code

    def _run(self) -> None:
        # Only now: rclpy takes most of a second, and is not needed for a wrong option.
        from sign_recognition.nodes.label_publisher import LabelPublisher
        from sign_recognition.nodes.monitor import MonitorNode, start_in_background
        from sign_recognition.nodes.zero_command import ZeroCommand

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        with (
            start_in_background(
                lambda: MonitorNode(
                    self._record,
                    self._plan.stamped,
                    self._plan.cmd_vel,
                    self._view.gesture,
                    self._plan.sim_time,
                )
            ) as monitor,
            self._view,
            self._keys(LabelPublisher(monitor)) if self._plan.labels else contextlib.nullcontext(),
        ):
            if any(node.name == CONTROL for node in self._plan.nodes):
                self._zero = ZeroCommand(monitor, self._plan.stamped, self._plan.cmd_vel)
            try:
                self._start(monitor)
                while not self._ending:
                    self._tick(monitor)
                    time.sleep(_REFRESH_S)
            finally:
                self._stop(monitor)

    def _start(self, monitor: MonitorNode) -> None:
        """Start from the robot's end; the source only when everybody behind it is ready."""
        behind = [node.name for node in self._plan.nodes if node.name != self._plan.source]
        for name in behind:
            self._supervisor.start(name)
        ends_s = time.monotonic() + _READY_S
        while not (self._ending or self._all_told(behind)) and time.monotonic() < ends_s:
            self._tick(monitor)
            time.sleep(_REFRESH_S)
        if self._plan.source and not self._ending and not self._other_robot():
            self._supervisor.start(self._plan.source)

    def _other_robot(self) -> bool:
        """End where another graph's control would obey what this one's source shows."""
        with self._record:
            others = self._record.processes[CONTROL] - self._own_processes(CONTROL)
        if not others:
            return False
        self._fail(
            f'another {CONTROL} runs in this ROS domain, and would obey {self._plan.title}: end '
            'it, or set another ROS_DOMAIN_ID'
        )
        return True

    def _end(self, *_: object) -> None:
        """Also a handler of signals, which may come at any moment: it must take no lock."""
        self._ending = True

    @contextlib.contextmanager
    def _keys(self, labels: LabelPublisher) -> Iterator[None]:
        """Keys that mark labels, as long as the context lasts."""
        names = {str(number): name for number, name in enumerate(self._plan.labels, start=1)}

        def on_key(key: str) -> None:
            try:
                if key in names:
                    self._messages.put(f'label: {labels.toggle(names[key])}')
            except ValueError as error:
                self._messages.put(str(error))

        keyboard = Keyboard(on_key)
        if keyboard.usable:
            keys = ', '.join(f'{key} {name}' for key, name in names.items())
            self._messages.put(f'keys that begin and end a label: {keys}')
        else:
            self._messages.put('no terminal for the label keys: use the service recorder_node/mark')
        with keyboard:
            yield
        for label in labels.running:
            self._view.message(f'label: {label} has not ended, it is not in the bag')

    def _all_told(self, names: Sequence[str]) -> bool:
        """Whether each of our own nodes has told of itself; another graph's have the same names."""
        with self._record:
            return all(self._record.processes[name] & self._own_processes(name) for name in names)

    def _own_processes(self, name: str) -> set[str]:
        """As they tell of themselves."""
        return {*map(str, self._supervisor.process_ids(name))}

    def _tick(self, monitor: MonitorNode) -> None:
        if monitor.done.is_set():
            self._fail('the monitor has failed, which stops the robot where control cannot')
            return
        for ended in self._supervisor.poll():
            self._on_exit(ended)
        self._show_messages()
        self._view.refresh()
        now_s = time.monotonic()
        if self._first_image_s is None and self._record.probabilities is not None:
            self._first_image_s = now_s
        if _over(self._first_image_s, self._duration_s, now_s) or _over(
            self._source_ended_s, _DRAIN_S, now_s
        ):
            self._end()

    def _on_exit(self, ended: Exit) -> None:
        if ended.name == CONTROL and self._zero:
            self._zero.send()
        if ended.name == self._plan.source and ended.code == 0:
            self._messages.put('the source has ended')
            self._source_ended_s = time.monotonic()
            return
        if ended.name == RECORDER and ended.code == 0:
            self._end()
            return
        if ended.restart_in_s is None:
            self._fail(f'{ended.name} cannot run ({ended.reason})', ended.tail)
            return
        with self._record:
            self._record.restarts[ended.name] += 1
        how = ', stopped until re-armed' if ended.name == CONTROL else ''
        self._view.alarm(
            f'{ended.name} died ({ended.reason}), starts again in {ended.restart_in_s:.1f} s{how}',
            ended.tail,
        )

    def _fail(self, text: str, lines: Sequence[str] = ()) -> None:
        """End with 1, and say why."""
        self._view.alarm(text, lines)
        self._exit_code = 1
        self._end()

    def _show_messages(self) -> None:
        while not self._messages.empty():
            text = self._messages.get()
            if not any(noise in text for noise in _NOISE):
                self._view.message(text)

    def _stop(self, monitor: MonitorNode) -> None:
        """End every process; the last that the robot hears is zero."""
        codes = self._supervisor.stop()
        if self._zero and codes.get(CONTROL) != 0 and not monitor.done.is_set():
            self._zero.send()
        self._show_messages()


def _command(node: NodeDescription) -> list[str]:
    """The command line of a node's program."""
    return [sys.executable, str(program_directory() / node.name), *node.arguments()]


def _over(since_s: float | None, duration_s: float | None, now_s: float) -> bool:
    """Whether a duration, if there is one, has passed since something, if that has happened."""
    return since_s is not None and duration_s is not None and now_s - since_s >= duration_s
