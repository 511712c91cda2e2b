"""The page Formulas: every group, the search, the questions, and the way to each page and state."""

import json
import re

import pytest

from nnviz.formulas.catalogue import CATALOGUE
from nnviz.ui.navigation import path
from nnviz.ui.show import as_typed
from tests.pages.conftest import formulas

STATES = {}
for _group, _entries in CATALOGUE.items():
    for _entry in _entries:
        STATES.setdefault((_entry.page, json.dumps(_entry.state, sort_keys=True)), _entry)
HERE = {key: entry for key, entry in STATES.items() if path(entry.page).exists()}


@pytest.mark.parametrize("group", CATALOGUE)
def test_each_group_opens(open_page, group):
    app = open_page("formulas", formgroup=group)
    assert not app.exception
    titles = [element.value for element in app.markdown]
    assert all(any(as_typed(entry.title) in title for title in titles) for entry in CATALOGUE[group])


@pytest.mark.parametrize("view", ["Questions", "Where to read on"])
def test_the_other_views_open(open_page, view):
    app = open_page("formulas", formview=view)
    assert not app.exception
    assert len(app.markdown) > 10


def test_the_search_looks_through_all_groups(open_page):
    app = open_page("formulas", formfind="spectral radius")
    assert not app.exception
    titles = " ".join(element.value for element in app.markdown)
    assert "Spectral radius" in titles
    assert "Vanishing and exploding, linear" in titles
    app = open_page("formulas", formfind="flux capacitor")
    assert any("No formula holds" in info.value for info in app.info)


def test_odd_networks_have_live_numbers(open_page):
    for address in ({"layers": "0"}, {"data": "Handwritten digits 8×8", "units": "64"}, {"activation": "relu", "init": "zeros"}):
        app = open_page("formulas", formgroup="Backpropagation", **address)
        assert not app.exception
        assert re.search(r"= \(-?[0-9.]+,", formulas(app)[1])  # δ of the output, after its symbols
        assert len(formulas(app)) > len(CATALOGUE["Backpropagation"]) + 3


@pytest.mark.parametrize("entry", HERE.values(), ids=[f"{page} {state[:60]}" for page, state in HERE])
def test_the_way_leads_to_a_page_that_takes_the_state(open_page, entry):
    app = open_page("losses" if entry.page != "losses" else "network")
    for key, value in entry.state.items():
        app.session_state[key] = value
    app.switch_page(str(path(entry.page))).run()
    assert not app.exception
    assert not app.error
    assert all(app.session_state[key] == value for key, value in entry.state.items())
    assert entry.state.keys() <= app.session_state["defaults"].keys()  # each is a control that was drawn
