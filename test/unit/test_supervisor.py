"""Processes that die, end, and are told to end."""

import os
import sys
import time

import pytest

from sign_recognition.live.supervisor import Supervisor

PATIENCE_S = 20.0
FINAL = (0, 2)


def supervise(program, lines=None):
    collected = [] if lines is None else lines
    command = [sys.executable, '-u', '-c', program]
    return Supervisor({'it': command}, os.environ, lambda _, line: collected.append(line), FINAL)


def wait_for(condition):
    ends_s = time.monotonic() + PATIENCE_S
    while not (result := condition()):
        assert time.monotonic() < ends_s, 'waited in vain'
        time.sleep(0.01)  # between two looks at another process; the loop's bound is above
    return result


@pytest.mark.parametrize(
    ('program', 'reason'),
    [
        ("print('last words'); raise SystemExit(3)", 'exit status 3'),
        ("import os; print('last words', flush=True); os.kill(os.getpid(), 9)", 'SIGKILL'),
    ],
)
def test_what_dies_is_told_and_started_again(program, reason):
    supervisor = supervise(program)
    supervisor.start('it')
    first = wait_for(supervisor.poll)[0]
    second = wait_for(supervisor.poll)[0]
    supervisor.stop()
    assert reason in first.reason
    assert 0 < first.restart_in_s < second.restart_in_s


def test_what_died_may_be_started_otherwise():
    first, again = ([sys.executable, '-c', f'raise SystemExit({code})'] for code in (3, 4))
    supervisor = Supervisor(
        {'it': first}, os.environ, lambda *_: None, FINAL, restart_commands={'it': again}
    )
    supervisor.start('it')
    assert [wait_for(supervisor.poll)[0].code for _ in range(3)] == [3, 4, 4]
    supervisor.stop()


def test_the_last_lines_are_kept():
    lines = []
    supervisor = supervise("print('one'); print('two'); raise SystemExit(1)", lines)
    supervisor.start('it')
    wait_for(lambda: lines == ['one', 'two'])
    wait_for(lambda: not supervisor.running('it'))
    assert supervisor.poll()[0].tail == ('one', 'two')
    supervisor.stop()


@pytest.mark.parametrize('code', [0, 2])
def test_what_has_done_its_work_or_cannot_start_stays_ended(code):
    supervisor = supervise(f'raise SystemExit({code})')
    supervisor.start('it')
    assert wait_for(supervisor.poll)[0].restart_in_s is None
    assert supervisor.poll() == []
    assert not supervisor.running('it')


def test_stop_lets_a_program_finish():
    lines = []
    program = (
        'import signal, time\n'
        'def end(*_): print("finished"); raise SystemExit(0)\n'
        'signal.signal(signal.SIGTERM, end); print("ready")\n'
        'while True: time.sleep(0.1)'
    )
    supervisor = supervise(program, lines)
    supervisor.start('it')
    wait_for(lambda: 'ready' in lines)
    assert supervisor.stop() == {'it': 0}
    wait_for(lambda: 'finished' in lines)


def test_stop_kills_what_does_not_listen():
    lines = []
    program = (
        'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN); print("ready")\n'
        'while True: time.sleep(0.1)'
    )
    supervisor = supervise(program, lines)
    supervisor.start('it')
    wait_for(lambda: 'ready' in lines)
    assert supervisor.stop(grace_s=0.2) == {'it': -9}
