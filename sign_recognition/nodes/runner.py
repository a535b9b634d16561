"""The life of a node program: start, spin, and an orderly end on SIGINT, SIGTERM or SIGHUP."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import rclpy
from rclpy.exceptions import NameValidationException
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.signals import SignalHandlerOptions

RCLError = rclpy_implementation.RCLError
# How soon an end that was asked for is noticed.
_SPIN_S = 0.05
EXIT_START_FAILED = 2
# A program that was told to end and has not by then is ended by the kernel: middleware may hang
# in its own end, and nobody is left to kill a node whose supervisor is gone.
_END_WITHIN_S = 10
# A file does not wait for a subscriber for ever: it may be recorded or shown later on.
_AUDIENCE_S = 15.0
_AUDIENCE_CHECK_S = 0.05


class StartError(RuntimeError):
    """ROS 2 does not start as it was asked to."""


class PipelineNode(Node):
    """A node that can end by itself, and has last things to do when it ends.

    Args:
        name: of the node.
        services: offer the parameter services; each costs time at every wake-up.
        parameters: values that win over those of the command line.

    Attributes:
        done: set it to end the program.
        told_to_end: by a signal. Its handler may interrupt the main thread anywhere, also where
            that holds the lock inside `done`, so it must not set `done` itself.
        exit_code: of the program, once done.
    """

    def __init__(
        self, name: str, services: bool = True, parameters: Sequence[Parameter] = ()
    ) -> None:
        super().__init__(
            name, start_parameter_services=services, parameter_overrides=list(parameters)
        )
        self.done = threading.Event()
        self.told_to_end = False
        self.exit_code = 0

    def finish(self) -> None:
        """Called once before the node goes, while it can still publish."""

    @contextmanager
    def ending_with_it(self) -> Iterator[None]:
        """For the work without which a node is of no use, in its thread: the program ends when the
        block does, and with 1 where it fails."""
        try:
            yield
        except Exception:
            self.exit_code = 1
            raise
        finally:
            self.done.set()

    def wait_for_audience(self, publisher: Publisher, subscribers: int = 1) -> None:
        """Hold a recording until so many look, so that they see its beginning."""
        self.hold_until(lambda: publisher.get_subscription_count() >= subscribers)

    def hold_until(self, ready: Callable[[], bool]) -> bool:
        """Hold a recording until those who are to see its beginning are ready, 15 s at most.

        Args:
            ready: asked again and again.

        Returns:
            Whether they are.
        """
        ends_s = time.monotonic() + _AUDIENCE_S
        while not ready():
            if time.monotonic() > ends_s or self.done.wait(_AUDIENCE_CHECK_S):
                return False
        return True


def run(make_node: Callable[[], PipelineNode]) -> None:
    """Run a node until it is done or the process is told to end, then exit the process.

    A node that cannot start for a reason its user can mend (a wrong parameter or file of them)
    says so in one line; any other error is a defect and shows its trace.
    """
    try:
        # rclpy's own handlers would shut the context down before the last command was sent.
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
    except (ValueError, OSError, NameValidationException, RCLError) as error:
        print(f'error: {" ".join(str(error).split())}', file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        sys.exit(EXIT_START_FAILED)

    def end(*_: object) -> None:
        signal.alarm(_END_WITHIN_S)
        node.told_to_end = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    # The terminal or its ssh connection is gone; nohup has this ignored, and it stays so.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, end)
    spin_until_done(node)
    sys.exit(node.exit_code)


def spin_until_done(node: PipelineNode) -> None:
    """Spin a node until it is done, let it finish, and take it down."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while not (node.done.is_set() or node.told_to_end):
            executor.spin_once(timeout_sec=_SPIN_S)
    finally:
        node.done.set()
        node.finish()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
