"""What is kept for all sessions is bounded in bytes, and nothing is computed twice while it is kept."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from nnviz.ui.caching import kept, size_of

MEGABYTE = 2**20


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
    @dataclass(frozen=True)
    class Grows:
        number: int

        @cached_property
        def table(self):
            return np.zeros(MEGABYTE // 8)

    calls = []

    @kept(2.5, 100)
    def made(number):
        calls.append(number)
        return Grows(number)

    for number in range(4):
        assert made(number).table.size
    made(0)
    assert calls == [0, 1, 2, 3, 0]


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


def test_views_and_repeated_arrays_are_counted_once():
    a = np.zeros((10, 10))
    assert size_of([a, a[0], {"b": (a.T,)}]) == 800
    cycle = [np.zeros(2)]
    cycle.append(cycle)
    assert size_of(cycle) == 16
