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


@pytest.mark.parametrize(("told", "last", "expected"), [(9, 19, 19), (9, 4, 4), (6, 19, 6), (6, 4, 4)])
def test_python_moves_with_the_player_when_there_are_other_stops_and_does_not_wait_to_be_told(state, told, last, expected):
    state["play"] = SimpleNamespace(stop=told)
    assert player.rests("play", 9, 9, 0) == told
    assert player.rests("play", last, last, 0) == expected
    assert player.rests("play", last, last, 0) == expected  # a rerun before the player has told anything
    state["play"] = SimpleNamespace(stop=2)
    assert player.rests("play", last, last, 0) == 2


def test_what_is_played_next_is_shown_from_its_start_wherever_the_player_was(state):
    state["play"] = SimpleNamespace(stop=3)
    assert player.rests("play", 9, 9, 1) == 3
    assert player.rests("play", 19, 19, 2) == 19
    assert player.rests("play", 19, 19, 2) == 19
