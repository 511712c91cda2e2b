"""What is kept for all sessions is bounded in bytes, and nothing is computed twice while it is kept."""

import gc
import pickle
import weakref
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from nnviz.ui import caching
from nnviz.ui.caching import kept, recent, seal, size_of

MEGABYTE = 2**20


@dataclass(frozen=True)
class Grows:
    """It makes a megabyte when it is asked for its table."""

    number: int

    @cached_property
    def table(self):
        return np.zeros(MEGABYTE // 8)


def counted(megabytes, entries):
    """A kept function of a number, and the numbers it was asked for."""
    calls = []

    @kept(megabytes, entries)
    def made(number, _unkeyed=None):
        calls.append(number)
        return np.zeros(MEGABYTE // 8)

    return made, calls


def test_a_result_is_made_once_whatever_the_unkeyed_argument():
    made, calls = counted(100, 10)
    assert made(1, "a") is made(1, _unkeyed="b") is made(number=1)
    assert calls == [1]


@pytest.mark.parametrize(("megabytes", "entries", "stay"), [(3.5, 100, 3), (100, 4, 4), (0.5, 100, 1)])
def test_what_was_not_asked_for_longest_goes_first(megabytes, entries, stay):
    made, calls = counted(megabytes, entries)
    for number in range(10):
        made(number)
    for number in range(9, 9 - stay, -1):
        made(number)
    assert len(calls) == 10
    made(9 - stay)
    assert len(calls) == 11


def test_what_an_entry_makes_later_counts_too():
    calls = []

    @kept(2.5, 100)
    def made(number):
        calls.append(number)
        return Grows(number)

    for number in range(4):
        assert made(number).table.size
    made(0)
    assert calls == [0, 1, 2, 3, 0]


def test_of_recent_results_the_arguments_are_counted():
    calls = []

    @recent(entries=100, megabytes=2.5)
    def drawn(run):
        calls.append(run.number)
        return {"data": []}

    runs = [Grows(number) for number in range(4)]
    for run in runs:
        assert run.table.size
        drawn(run)
    drawn(runs[3])
    drawn(runs[2])
    assert calls == [0, 1, 2, 3]
    drawn(runs[1])
    assert calls == [0, 1, 2, 3, 1]


@pytest.mark.parametrize("keep", [kept(megabytes=10, entries=4), recent(entries=4)], ids=["kept", "recent"])
def test_what_nobody_asks_for_any_more_is_forgotten_with_its_arguments(keep, monkeypatch):
    class Table:
        pass

    @keep
    def made(table):
        return [table]

    other = keep(lambda number: number)
    now = caching.time.monotonic()
    table = Table()
    alive = weakref.ref(table)
    made(table)
    del table
    monkeypatch.setattr(caching.time, "monotonic", lambda: now + caching.FORGOTTEN_AFTER / 2)
    other(1)
    assert alive() is not None
    monkeypatch.setattr(caching.time, "monotonic", lambda: now + 2 * caching.FORGOTTEN_AFTER)
    other(2)
    gc.collect()
    assert alive() is None


def test_an_error_is_not_kept():
    calls = []

    @kept(1, 4)
    def made(number):
        calls.append(number)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            made(1)
    assert calls == [1, 1]


def test_what_came_from_another_process_counts_as_what_was_made_here():
    arrays = [np.zeros(1000), np.zeros((10, 10))]
    assert size_of(pickle.loads(pickle.dumps(arrays, pickle.HIGHEST_PROTOCOL))) == 8800


def test_views_and_repeated_arrays_are_counted_once():
    a = np.zeros((10, 10))
    assert size_of([a, a[0], {"b": (a.T,)}]) == 800
    cycle = [np.zeros(2)]
    cycle.append(cycle)
    assert size_of(cycle) == 16


def test_what_is_sealed_cannot_be_changed_by_any_way_there_is_to_it():
    a = np.zeros((10, 10))
    view = a[1:]
    seal({"deep": [Grows(1), (view,)]})
    for array in (a, view):
        with pytest.raises(ValueError, match="read-only"):
            array += 1
