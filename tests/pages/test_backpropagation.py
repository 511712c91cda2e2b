"""The page Backpropagation in each view, for every kind of network, and with odd addresses."""

import pytest

from tests.pages.conftest import formulas

VIEWS = ("One weight", "δ of every layer", "Gradient check", "One step", "Through depth")
NETWORKS = {
    "default": {},
    "worked": {"data": "Two moons", "layers": "1", "units": "3"},
    "no hidden layer": {"layers": "0"},
    "deep": {"sizes": ",".join(["6"] * 14)},
    "hidden softmax": {"activation": "softmax"},
    "regression": {"data": "Slope (regression)", "activation": "relu", "init": "zeros"},
    "dead at the start": {"activation": "relu", "init": "constant"},
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("address", NETWORKS.values(), ids=NETWORKS)
def test_each_view_opens_for_every_network(open_page, view, address):
    app = open_page("backpropagation", backview=view, **address)
    assert not app.exception
    assert not app.error
    assert app.session_state["backview"] == view


def test_a_wide_network_is_drawn_and_told_in_part(open_page):
    app = open_page("backpropagation", data="Handwritten digits 8×8", units="64", activation="relu", backrow="3", backto="7", backfrom="30")
    assert not app.exception
    assert any("64-64-64-10" in caption.value for caption in app.caption)


def test_the_factors_multiply_to_the_derivative_on_the_page(open_page):
    app = open_page("backpropagation", activation="sigmoid", layers="6", units="4")
    verdict = next(caption.value for caption in app.caption if "Check: the product" in caption.value)
    assert "No single factor is to blame" in verdict


def test_a_bias_can_be_chosen(open_page):
    app = open_page("backpropagation", backlayer="output", backto="2", backfrom="bias")
    assert not app.exception
    assert any("The bias of neuron 2 of the output" in element.value for element in app.markdown)


def test_the_step_of_every_layer_is_written_out(open_page):
    app = open_page("backpropagation", backview="One step", backstep="hidden layer 1", backeta="10", l2="0.1")
    assert not app.exception
    assert any(r"\lambda" in formula for formula in formulas(app))
    assert any("bmatrix" in formula for formula in formulas(app))


def test_kinks_are_counted_and_said(open_page):
    app = open_page("backpropagation", backview="Gradient check", activation="relu", init="he_normal", backh="0.1")
    assert any("have a kink" in caption.value for caption in app.caption)


def test_a_smaller_network_takes_the_last_weight_there_is(open_page):
    app = open_page("backpropagation", backlayer="hidden layer 2", backto="8", backfrom="8")
    app.session_state["layers"], app.session_state["units"] = 1, 3
    app.run()
    assert not app.exception
    assert app.session_state["backto"] < 3


ODD = [{"backrow": "-1"}, {"backrow": "1e9"}, {"backlayer": "0"}, {"backto": "nan"}, {"backfrom": "<b>"}, {"backview": "One wait"}]
ODD += [{"backview": VIEWS[2], "backh": "0"}, {"backview": VIEWS[3], "backeta": "1e308"}, {"backview": VIEWS[4], "backact": "tahn"}]


@pytest.mark.parametrize("address", ODD, ids=lambda address: "-".join(address.values())[:30])
def test_an_odd_address_is_told(open_page, address):
    assert not open_page("backpropagation", odd=True, **address).exception
