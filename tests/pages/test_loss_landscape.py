"""The page Loss landscape: every plane, both views, the same run as Training's, and what cannot be drawn."""

import numpy as np
import pytest

from nnviz.core.training import continue_training
from nnviz.ui import landscape_view as view
from nnviz.ui.runs import Kept
from nnviz.ui.show import as_typed
from tests.pages.conftest import figures, formulas

PAGE = "loss_landscape"


def tables(app):
    return [element.proto.body for element in app.get("html") if "<table>" in element.proto.body]


@pytest.mark.parametrize("plane", view.PLANES)
@pytest.mark.parametrize("dimensions", ["contours", "3-D"])
def test_each_plane_is_drawn(open_page, plane, dimensions):
    app = open_page(PAGE, plane=plane, landdim=dimensions, landscale="linear", landpart="test")
    assert not app.exception
    assert not app.error
    assert "SGD" in tables(app)[0]


def test_the_run_is_that_of_the_page_training(open_page):
    app = open_page("training", epochs="3")
    next(found for found in app.button if found.label == "Train").click().run()
    run = app.session_state["run"].run
    app.switch_page("pages/loss_landscape.py").run()
    assert not app.exception
    assert app.session_state["run"].run is run
    assert f"at step {run.step[-1]}" in tables(app)[0]


@pytest.mark.parametrize("epochs", [1, 5])
def test_both_paths_of_a_fork_are_drawn_to_their_ends(open_page, epochs):
    app = open_page("training", epochs="3")
    next(found for found in app.button if found.label == "Train").click().run()
    old = app.session_state["run"]
    fork = continue_training(old.run, snapshot=2, epochs=epochs, optimizer="adam")
    app.session_state["run"] = Kept(fork, "a fork", (old,))
    app.switch_page("pages/loss_landscape.py").run()
    assert not app.exception
    name = "Path 1"
    specs = figures(app)
    picture = next(spec for spec in specs if any(trace["name"] == "heights" for trace in spec["data"]))
    course = next(spec for spec in specs if any(trace["name"] == f"{name}, C(θ)" for trace in spec["data"]))
    assert any(trace["name"] == name for trace in picture["data"])
    assert f"<td>{name}</td>" in tables(app)[0]
    assert f"at step {max(old.run.step[-1], fork.step[-1])}" in tables(app)[0]
    assert f"Look at step {fork.step[-1]} on every page" in [found.label for found in app.button]
    assert len(course["frames"]) == len(picture["frames"]) <= 60


def test_the_share_in_the_plane_is_that_of_the_principal_axes(open_page):
    app = open_page(PAGE)
    run = app.session_state["run"].run
    plane = view.pca_plane(run.theta)
    assert f"<td>{plane.explained_variance.sum():.0%}</td>" in tables(app)[0]
    assert plane.share(run.theta) == pytest.approx(plane.explained_variance.sum())


def test_six_optimisers_are_drawn_each_from_the_start_of_the_run(open_page):
    app = open_page(PAGE, landopt=["SGD", "Muon", "Lion", "RMSProp", "Adam"], plane=view.ALL_AXES)
    assert not app.exception
    assert tables(app)[0].count("<tr>") == 7
    assert "<td>Adam 2</td>" in tables(app)[0]
    run, others = app.session_state["run"].run, app.session_state["jobs"]["landruns"].result
    assert all(np.array_equal(other.theta[0], run.theta[0]) for other in others)
    assert all(other.step[-1] == run.step[-1] for other in others)


def test_rates_are_those_that_are_typed(open_page):
    app = open_page(PAGE, landopt=["SGD"], landrates="sgd=0.0123")
    assert "<td>0.0123</td>" in tables(app)[0]


def test_a_step_can_be_looked_at_on_every_page(open_page):
    app = open_page(PAGE)
    run = app.session_state["run"].run
    next(found for found in app.button if found.label.startswith("Look at step")).click().run()
    assert not app.exception
    assert np.array_equal(app.session_state["point"].theta, run.theta[-1])


def test_the_barriers_of_all_pairs_are_told(open_page):
    app = open_page(PAGE, landview="Between two solutions")
    assert not app.exception
    assert "seeds 1 and 2" in tables(app)[0]
    assert r"B_{\text{test}}" in formulas(app)[1]


def test_without_a_test_part_there_is_only_train(open_page):
    for landview in ("Landscape", "Between two solutions"):
        app = open_page(PAGE, test="0.0", landview=landview)
        assert not app.exception
        assert not app.error


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"landrates": "sgd=fast"}, "write optimiser=rate"),
        ({"landrates": "**bold** $x^2$=1"}, "“**bold** $x^2$=1”"),
        ({"plane": view.RANDOM, "init": "zeros", "landat": "the current point"}, "have no length"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(open_page, address, told):
    app = open_page(PAGE, **address)
    assert not app.exception
    assert as_typed(told) in app.error[0].value


def test_eigenvectors_of_too_large_a_network_are_not_looked_for(open_page, monkeypatch):
    monkeypatch.setattr(view, "MOST_WORK", 100)
    app = open_page(PAGE, plane=view.STEEPEST)
    assert "too much for eigenvectors" in app.error[0].value


@pytest.mark.parametrize("plane", view.PLANES)
def test_a_run_that_diverges_is_drawn_or_answered(open_page, plane):
    app = open_page(
        PAGE,
        data="Six hills (regression)",
        activation="identity",
        optimizer="sgd",
        rate="10",
        plane=plane,
        landopt=["SGD"],
        landrates="sgd=5",
    )
    assert not app.exception
    assert app.session_state["run"].run.diverged_at >= 0


@pytest.mark.parametrize(
    "address", [{"layers": "0"}, {"l2": "0.1"}, {"batch": "100000"}, {"activation": "relu"}, {"data": "Six hills (regression)"}]
)
def test_any_experiment_has_a_landscape(open_page, address):
    app = open_page(PAGE, **address)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("address", [{"landreach": "1e9"}, {"plane": "flat"}, {"landres": "7"}, {"landopt": "gradient"}])
def test_an_odd_address_is_told(open_page, address):
    assert not open_page(PAGE, odd=True, **address).exception


def test_a_solution_lies_on_its_plane_at_0_and_not_at_what_rounding_leaves(open_page):
    app = open_page("loss_landscape", plane="three solutions", data="Two moons", landopt="SGD")
    assert not app.exception
    body = next(found.proto.body for found in app.get("html") if "<td>Adam, the run" in found.proto.body)
    first = body.split("<tbody>")[1].split("</tr>")[0]
    assert "e−1" not in first
    assert first.count("<td>0</td>") == 3, first
