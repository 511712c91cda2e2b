"""Work in another process: it takes turns, can be stopped, pauses when nobody asks, and its end never takes who asked with it."""

import io
import os
import signal
import sys
import time

import cloudpickle
import pytest

from nnviz.core import background


def counting(most, seconds=0.0):
    def chunks():
        for reached in range(1, most + 1):
            time.sleep(seconds)
            yield reached

    return chunks


def submit(most, seconds=0.0, first=None):
    return background.submit(counting(most, seconds), lambda reached: reached / most, first)


def begun(work):
    """The work, as soon as something of it is known to be done."""
    for _ in range(600):
        if work.wait(0.1) or work.share > 0:
            break
    return work


def test_the_whole_comes_back_in_the_end():
    work = submit(5)
    assert work.wait(30)
    assert (work.latest, work.news, work.error) == (5, 1, None)


def test_it_runs_in_another_process_of_a_lower_priority():
    def where():
        yield os.getpid(), os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else None

    work = background.submit(where, lambda _: 1.0)
    assert work.wait(30)
    number, priority = work.latest
    assert number != os.getpid()
    assert priority is None or priority > os.getpriority(os.PRIO_PROCESS, 0)


def test_short_work_is_not_kept_waiting_by_long_work():
    long = submit(10_000, 0.01)
    assert submit(3).wait(30)
    assert not long.over


def test_what_was_reached_comes_back_when_it_is_stopped():
    work = begun(submit(10_000, 0.01))
    assert 0 < work.share < 1
    work.stop()
    assert work.wait(30)
    assert 1 <= work.latest < 10_000


def test_parts_come_when_twice_as_much_is_known():
    work, seen = submit(64, 0.01, first=1 / 16), []
    while not work.over:
        work.wait(30, work.news)
        seen.append(work.latest)
    assert seen == sorted(set(seen))
    assert seen[0] >= 4
    assert seen[-1] == 64


def test_an_error_comes_back_as_it_was_raised():
    def refusing():
        raise ValueError("the rate is 0: give a positive number")
        yield

    work = background.submit(refusing, float)
    assert work.wait(30)
    assert isinstance(work.error, ValueError)
    assert str(work.error) == "the rate is 0: give a positive number"


def test_a_result_that_cannot_be_sent_is_an_error():
    work = background.submit(lambda: iter([sys._getframe()]), lambda _: 1.0)
    assert work.wait(30)
    assert "cannot be sent" in str(work.error)


def test_what_cannot_be_handed_over_is_refused():
    frame = sys._getframe()
    with pytest.raises(ValueError, match="cannot be computed in a process of its own"):
        background.submit(lambda: iter([frame]), lambda _: 1.0)


def test_a_process_that_is_killed_fails_its_work_and_the_next_one_finds_another():
    work = submit(10_000, 0.01)
    work.wait(0.3)
    for worker in background._workers:
        os.kill(worker.process.pid, signal.SIGKILL)
    assert work.wait(30)
    assert isinstance(work.error, background.WorkerEnded)
    again = submit(2)
    assert again.wait(30)
    assert again.latest == 2


def test_work_that_nobody_holds_any_more_ends():
    def numbers():
        def chunks():
            while True:
                time.sleep(0.001)
                yield time.time()

        return chunks

    dropped = background.submit(numbers(), lambda _: 0.0)
    dropped.wait(0.2)
    worker = dropped._worker
    assert worker.busy
    del dropped
    assert not worker.busy


def test_work_that_nobody_asks_about_pauses_until_somebody_does():
    turns = background._Turns(io.BytesIO())
    turns.take("start", 1, cloudpickle.dumps((counting(100), lambda reached: reached / 100, None)))
    turns.turn()
    running = turns.running[1]
    assert running.latest == 1
    running.asked -= background.LEASE + 1
    turns.turn()
    assert running.latest == 1
    assert turns.idle
    turns.take("ask", 1)
    turns.turn()
    assert running.latest == 2
    running.asked -= background.GIVEN_UP + 1
    turns.turn()
    assert not turns.running


def test_what_is_printed_does_not_disturb():
    def talking():
        print("a library talks")
        yield 1

    work = background.submit(talking, lambda _: 1.0)
    assert work.wait(30)
    assert work.latest == 1


def stands_still(work):
    """Whether it stops getting on within some seconds."""
    for _ in range(20):
        share = work.share
        time.sleep(0.5)
        if work.share == share:
            return True
    return False


def test_work_that_is_paused_goes_on_when_somebody_waits_for_it():
    work = begun(submit(100_000, 0.01))
    work.pause()
    assert stands_still(work)
    share = work.share
    for _ in range(60):
        if work.share > share:
            break
        work.wait(0.5)
    assert work.share > share
