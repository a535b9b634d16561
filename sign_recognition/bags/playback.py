"""Plays the records of a bag on a clock: what to publish, and what time it is then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sign_recognition.bags.storage import Record
from sign_recognition.pixels import parse_stamp

# While no record is due, the time is told this often.
_TICK_S = 0.01
# A record is written this long after its stamp at most, camera and network included. Where they
# differ more, they are of two clocks.
_LONGEST_AGE_NS = 250_000_000
# A player that was held up for longer (a slow disk, a suspended machine) goes on from where it is
# instead of making up for it in a burst.
_LATE_S = 0.1
# Between two rounds of a loop there is silence, in which control brings the robot to rest.
PAUSE_S = 0.5


@dataclass(frozen=True)
class Step:
    """Something to publish now.

    Attributes:
        time_ns: the time in the recording, nanoseconds.
        record: the message that is due; None: only the time has changed.
    """

    time_ns: int
    record: Record | None


class Playback:
    """Gives each record when it is due, and the time in between.

    Time is the recording's: it begins with the first record, grows `rate` times as quickly as the
    clock, never runs ahead of a record that is still to come, and jumps back when a loop begins
    again.

    Args:
        open_records: gives the records in the order of log_ns; called for each round.
        rate: seconds of the recording per second, more than 0.
        loop: begin again after the last record.
        clock_s: a clock that never jumps, seconds.
        wait_s: waits for so many seconds.
        offset_ns: from log_ns to the time of the stamps.
    """

    def __init__(
        self,
        open_records: Callable[[], Iterator[Record]],
        rate: float,
        loop: bool,
        clock_s: Callable[[], float],
        wait_s: Callable[[float], object],
        offset_ns: int = 0,
    ) -> None:
        self._open_records = open_records
        self._rate = rate
        self._loop = loop
        self._clock_s = clock_s
        self._wait_s = wait_s
        self._offset_ns = offset_ns
        self._first_ns: int | None = None
        self._began_s = 0.0

    def begins_ns(self) -> int:
        """The time of the first step; there must be one.

        Raises:
            BagError: the bag is damaged.
        """
        return next(self._open_records()).log_ns + self._offset_ns

    def steps(self) -> Iterator[Step]:
        """Wait for one step after the other, to the end of the recording; a loop has none.

        Raises:
            BagError: the bag is damaged.
        """
        yield from self._round()
        while self._loop and self._first_ns is not None:
            self._wait_s(PAUSE_S)
            yield from self._round()

    def _round(self) -> Iterator[Step]:
        self._first_ns = None
        for record in self._open_records():
            if self._first_ns is None:
                self._first_ns, self._began_s = record.log_ns, self._clock_s()
            yield from self._wait_for(record)
            yield Step(record.log_ns + self._offset_ns, record)

    def _wait_for(self, record: Record) -> Iterator[Step]:
        """Tell the time until a record is due."""
        assert self._first_ns is not None, 'a round has begun'
        into_s = (record.log_ns - self._first_ns) / 1e9 / self._rate
        while (left_s := self._began_s + into_s - self._clock_s()) > _TICK_S:
            self._wait_s(_TICK_S)
            passed_ns = round((self._clock_s() - self._began_s) * self._rate * 1e9)
            time_ns = min(self._first_ns + passed_ns, record.log_ns)
            yield Step(time_ns + self._offset_ns, None)
        self._wait_s(max(left_s, 0.0))
        if left_s < -_LATE_S:
            self._began_s -= left_s


def clock_offset_ns(record: Record) -> int:
    """What to add to log_ns for the time of the stamps.

    Zero in a recording of a running system: there a message is a little older than its stamp says,
    and stays so. Else (images of a file, stamps of a camera's own clock) what makes this record,
    the first of its topic, as old as it can be: new.
    """
    stamp_ns = parse_stamp(record.data)
    return 0 if 0 <= record.log_ns - stamp_ns <= _LONGEST_AGE_NS else stamp_ns - record.log_ns
