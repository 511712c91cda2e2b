"""The page Recurrent networks: every view, tasks, overflow, odd addresses, a person's own series."""

import io

import pytest

from nnviz.core.initializers import INITIALIZERS
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.recurrent_network import RecurrentNetwork
from nnviz.core.tables import read_table
from nnviz.ui import recurrent_setup, recurrent_view
from nnviz.ui.show import as_typed
from tests.pages.conftest import figures

VIEWS = ("Unrolled", "States", "Vanish or explode", "Contributions", "Training")
SHORT = {"Training": {"recrun": "20"}}


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("recurrent", recview=view, **SHORT.get(view, {}))
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("view", VIEWS[:4])
@pytest.mark.parametrize("steps", ["500", "1000"])
def test_overflow_is_drawn_not_thrown(open_page, view, steps):
    app = open_page("recurrent", recview=view, recrho="3.0", recf="identity", recsteps=steps, rectask="Sunspots", recsamples="2")
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("task", ["Sunspots", "Echo", "Adding"])
@pytest.mark.parametrize("view", ["States", "Training"])
def test_every_task_is_shown_and_learnt(open_page, task, view):
    app = open_page("recurrent", rectask=task, recview=view, **SHORT.get(view, {}), reccut="10", rechidden="2")
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(("f", "initialiser"), [("relu", "normal"), ("sigmoid", "he_uniform"), ("gelu", "identity")])
def test_any_activation_and_initialiser(open_page, f, initialiser):
    app = open_page("recurrent", recview="Vanish or explode", recf=f, recinit=initialiser, rechidden="1")
    assert not app.exception
    assert not app.error
    assert (app.session_state["recf"], app.session_state["recinit"]) == (f, initialiser)
    assert len(figures(app)) == 3


def test_every_initialiser_with_a_radius_may_draw_the_weights():
    network = RecurrentNetwork(1, 4, 1)
    assert [name for name in INITIALIZERS if name not in recurrent_setup.DRAWS] == ["zeros"]
    for name in recurrent_setup.DRAWS:
        assert network.spectral_radius(network.rescale(network.initialize(name), 0.9)) == pytest.approx(0.9)


def test_every_optimiser_that_takes_any_cost_may_train(open_page):
    assert set(OPTIMIZERS) - set(recurrent_view.OPTIMISERS) == {"muon", "newton"}
    app = open_page("recurrent", recview="Training", recrun="10", recopt="lbfgs")
    assert not app.exception
    assert app.session_state["recopt"] == "lbfgs"
    assert len(figures(app)) == 3


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"recsteps": "1000"}, "The series 'sine' has 400 values"),
        ({"rectask": "Echo", "recdelay": "50", "recsteps": "20"}, "Delay is 50"),
        ({"rectask": "Sunspots", "recsteps": "1000", "recsamples": "64", "rechidden": "32"}, "states: at most"),
    ],
)
def test_what_does_not_fit_is_told(open_page, address, told):
    app = open_page("recurrent", **address)
    assert not app.exception
    assert any(as_typed(told) in error.value for error in app.error)
    assert figures(app)


def test_what_was_there_before_stays(open_page):
    app = open_page("recurrent", recview="States")
    app.number_input(key="recsteps").set_value(900).run()
    assert app.error
    assert len(figures(app)) == 2


def test_an_address_that_cannot_be_read_is_told(open_page):
    app = open_page("recurrent", odd=True, recrho="nine", recsteps="-4", recview="Backwards")
    assert not app.exception
    assert any("recrho" in element.proto.body for element in app.get("html"))


def test_every_trial_runs(open_page):
    app = open_page("recurrent")
    for index in range(5):
        app.button(key=f"try-{index}").click().run()
        assert not app.exception
        assert not app.error


def test_an_entry_chosen_in_a_larger_network_is_brought_back(open_page):
    app = open_page("recurrent", recview="Contributions", recrow="8", reccol="7")
    app.slider(key="rechidden").set_value(3).run()
    assert not app.exception
    assert app.number_input(key="recrow").value == 3


def test_trained_weights_can_be_looked_at(open_page):
    app = open_page("recurrent", recview="Training", recrun="30")
    app.session_state["recweights"] = "as trained"
    app.run()
    assert not app.exception
    assert any("Training has made ρ" in caption.value for caption in app.caption)


SERIES = "month;sales;gaps;word\n" + "\n".join(f"{t};{t % 7},5;{t if t % 3 else ''};x" for t in range(60))


def with_series(app, column):
    """The page as it stands after that file was dropped on it: the harness has no way to upload."""
    app.session_state["recfile table"] = read_table(io.StringIO(SERIES))
    app.session_state["reccolumn"] = column
    return app.run()


def test_an_own_series_is_learnt(open_page):
    app = with_series(open_page("recurrent", rectask="Your own series", recview="States"), "sales")
    assert not app.exception
    assert not app.error
    assert any("60 values of sales" in caption.value for caption in app.caption)


def test_a_series_with_gaps_is_told_and_the_former_stays(open_page):
    app = with_series(open_page("recurrent", rectask="Your own series", recview="States"), "gaps")
    assert not app.exception
    assert any("a series has no gaps" in error.value for error in app.error)
    assert figures(app)


def test_until_there_is_a_series_the_sine_is_learnt(open_page):
    app = open_page("recurrent", rectask="Your own series")
    assert any("Until there is one" in caption.value for caption in app.caption)
