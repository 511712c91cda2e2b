"""The page Curvature in each view, for small and larger networks, and where there is no curvature to show."""

import numpy as np
import pytest

from nnviz.core.curvature import hessian_spectrum
from nnviz.ui import curvature_view as view
from nnviz.ui.landscape_view import cost_of
from tests.pages.conftest import figures

PAGE = "curvature"
VIEWS = ("Spectrum", "Learning rate", "Edge of stability", "Flat and sharp minima")
QUICK = {VIEWS[2]: {"edgesteps": "50"}, VIEWS[3]: {"minsteps": "100"}}


def tables(app):
    return [element.proto.body for element in app.get("html") if "<table>" in element.proto.body]


@pytest.mark.parametrize("shown", VIEWS)
@pytest.mark.parametrize("units", ["4", "20"])
def test_each_view_opens(open_page, shown, units):
    app = open_page(PAGE, curvview=shown, units=units, **QUICK.get(shown, {}))
    assert not app.exception
    assert not app.error
    assert tables(app)


def test_the_numbers_are_those_of_the_run_s_last_step(open_page):
    app = open_page(PAGE)
    run = app.session_state["run"].run
    values = hessian_spectrum(cost_of(run), run.theta[-1])
    _, _, found = app.session_state["standing hessian"]
    assert found.top[0] == pytest.approx(values[-1])
    assert found.lowest == pytest.approx(values[0])
    assert f"<td>{values[-1]:.4g}</td>" in tables(app)[0]
    assert found.kind.negative + found.kind.zero + found.kind.positive == run.network.parameter_count
    assert found.check < 1e-6
    assert any("saddle" in caption.value for caption in app.caption)


def test_the_fates_are_those_of_the_formula(open_page):
    app = open_page(PAGE, curvview=VIEWS[1], curvalpha="1.05")
    assert not app.exception
    assert "swings and grows" in tables(app)[0]
    run = app.session_state["run"].run
    assert app.session_state["standing hessian"][0] is run
    *_, fates = app.session_state["standing fates"]
    assert fates.predicted[0] == pytest.approx(1.1)
    assert np.abs(fates.predicted - fates.observed).max() < 0.2


@pytest.mark.parametrize(
    ("rate", "value", "told"),
    [
        (0.1, 1, "dies out"),
        (1.5, 1, "swings and dies out"),
        (2.5, 1, "swings and grows"),
        (2, 1, "swings for ever"),
        (1, -1, "negative"),
        (1, 0, "flat"),
    ],
)
def test_fates_are_named(rate, value, told):
    assert told in view.fate(rate, value)


def test_runs_at_the_edge_are_told_with_their_moments(open_page):
    rates = ["0.3", "1", "2"]
    app = open_page(PAGE, curvview=VIEWS[2], edgerates=rates, output="identity", loss="half_squared_error", edgesteps="200")
    assert not app.exception
    assert "step 2<" in tables(app)[0]


def test_small_batches_end_flatter_on_iris(open_page):
    app = open_page(PAGE, curvview=VIEWS[3], minbatches=["2", "all"])
    assert not app.exception
    assert any("times sharper than batch 2" in caption.value for caption in app.caption)


@pytest.mark.parametrize("shown", VIEWS)
@pytest.mark.parametrize(
    "address",
    [
        {"data": "Six hills (regression)", "activation": "identity", "optimizer": "sgd", "rate": "10"},
        {"init": "zeros", "activation": "relu"},
        {"layers": "0"},
        {"test": "0.0", "l2": "0.1"},
    ],
    ids=["diverged", "flat", "no hidden layer", "no test part"],
)
def test_diverged_flat_and_small_networks_are_answered(open_page, shown, address):
    app = open_page(PAGE, curvview=shown, **address, **QUICK.get(shown, {}))
    assert not app.exception
    if address.get("rate") == "10" and shown in VIEWS[:2]:  # what these two look at is the run's last step
        assert "diverged" in app.error[0].value
    else:
        assert not app.error
        assert figures(app)
        assert tables(app)


def test_a_diverged_step_is_answered_with_a_sentence(open_page):
    app = open_page(PAGE, data="Six hills (regression)", activation="identity", optimizer="sgd", rate="10")
    assert "diverged" in app.error[0].value


def test_too_large_a_network_is_told_so(open_page, monkeypatch):
    monkeypatch.setattr(view, "MOST_WORK", 100)
    app = open_page(PAGE)
    assert "too much for the Hessian" in app.info[0].value


@pytest.mark.parametrize("address", [{"curvview": VIEWS[2], "edgerates": "7"}, {"curvview": VIEWS[1], "curvalpha": "9"}])
def test_an_odd_address_is_told(open_page, address):
    assert not open_page(PAGE, odd=True, **address).exception
