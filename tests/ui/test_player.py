"""Where figures stand so that the player need not draw them twice."""

from types import SimpleNamespace

import pytest

from nnviz.ui import player


@pytest.fixture
def state(monkeypatch):
    kept = {}
    monkeypatch.setattr(player.st, "session_state", kept)
    return kept


def test_first_it_is_the_start(state):
    assert player.resting("play", "a", 10, 4) == 4
    assert player.resting("other", "a", 3, 9) == 2


def test_a_move_of_the_player_changes_no_figure(state):
    assert player.resting("play", "a", 10, 4) == 4
    state["play"] = SimpleNamespace(stop=7)
    assert player.resting("play", "a", 10, 4) == 4


@pytest.mark.parametrize(("stop", "count", "expected"), [(7, 10, 7), (7, 5, 4), (9, 20, 19)])
def test_figures_made_anew_stand_where_the_player_goes(state, stop, count, expected):
    player.resting("play", "a", 10, 4)
    state["play"] = SimpleNamespace(stop=stop)
    assert player.resting("play", "b", count, 0) == expected
