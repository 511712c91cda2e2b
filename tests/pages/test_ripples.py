"""The page Ripples in both views, for networks of every shape and odd addresses."""

import numpy as np
import pytest

from nnviz.core.network import Network
from nnviz.ui.experiment import Point
from tests.pages.conftest import figures, formulas

VIEWS = ("Through the network", "Through depth")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("ripples", ripview=view)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    "address",
    [
        {"data": "Handwritten digits 8×8", "units": "32"},
        {"data": "Worked example", "layers": "1", "units": "2"},
        {"layers": "0"},
        {"activation": "relu", "init": "zeros"},
        {"output": "identity", "loss": "half_squared_error"},
    ],
)
def test_any_network_carries_a_ripple(open_page, address):
    app = open_page("ripples", ripinput="the most amplified direction", **address)
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 3
    assert r"\Delta a^" in formulas(app)[0]


def test_a_sample_that_is_not_there_is_told(open_page):
    app = open_page("ripples", odd=True, ripsample="100000")
    assert not app.exception
    assert any("ripsample" in element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("activation", ["relu", "identity", "sigmoid"])
def test_any_activation_goes_through_depth(open_page, activation):
    app = open_page("ripples", ripview=VIEWS[1], ripf=activation, ripdepth="50", ripgain="4.0")
    assert not app.exception
    assert not app.error
    assert len(figures(app)) == 2
    assert r"\chi = " in formulas(app)[0]


@pytest.mark.parametrize("page", [("ripples", {}), ("eigenvalues", {"eigview": "Large matrices", "ensemble": "a layer of the experiment"})])
def test_a_network_that_has_diverged_is_told(open_page, page):
    name, address = page
    app = open_page(name, **address)
    network = Network((4, 8, 8, 3), ("tanh", "tanh", "softmax"))
    app.session_state["point"] = Point("trained", "its run", network, np.full(network.parameter_count, np.inf))
    app.run()
    assert not app.exception
    assert "diverged" in app.info[0].value
