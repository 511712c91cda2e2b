"""A neuron's pictures hold its sum, its point and its batch."""

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.figures.neuron import BINS, FEW, MOST_PRODUCTS, batch_histogram, largest_products, point_on_curve, product_bars
from nnviz.figures.theme import DARK, LIGHT

ELEMENTWISE = [f for f in ACTIVATIONS.values() if f.elementwise]


def bars(figure):
    """Starts and steps of the bars, from top to bottom."""
    rows = [(y, base, x) for t in figure["data"] if t["type"] == "bar" for y, base, x in zip(t["y"], t["base"], t["x"], strict=True)]
    return np.array([(base, x) for _, base, x in sorted(rows)])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("n", [1, 2, FEW, FEW + 1, 64])
def test_each_bar_starts_where_the_one_before_ended_and_the_last_ends_at_z(n, theme):
    rng = np.random.default_rng(n)
    w, a, b = rng.normal(size=n), rng.normal(size=n), 0.3
    figure = product_bars(w, a, b, theme, unit=2)
    go.Figure(figure)
    steps = bars(figure)
    assert steps[1:, 0] == pytest.approx(steps[:-1].sum(axis=1), rel=1e-6, abs=1e-6)  # the figure holds float32
    assert steps[-1].sum() == pytest.approx(w @ a + b, abs=1e-5)
    assert next(t for t in figure["data"] if t["name"] == "z")["x"][0] == pytest.approx(w @ a + b)


def test_of_many_products_the_largest_have_a_bar_and_the_others_are_one():
    w, a = np.random.default_rng(1).normal(size=(2, 64))
    shown = largest_products(w * a)
    figure = product_bars(w, a, 0.0, LIGHT)
    assert set(shown) == set(np.argsort(-np.abs(w * a))[:MOST_PRODUCTS])
    assert any("the other 54" in text for text in figure["layout"]["yaxis"]["ticktext"])
    assert bars(figure)[MOST_PRODUCTS, 1] == pytest.approx(np.delete(w * a, shown).sum(), abs=1e-5)


def test_negative_products_are_hatched():
    figure = product_bars(np.array([1.0, -1.0]), np.array([1.0, 1.0]), 0.0, LIGHT)
    plus, minus = (t for t in figure["data"] if t["type"] == "bar")
    assert ("pattern" in plus["marker"], minus["marker"]["pattern"]["shape"]) == (False, "/")
    assert (minus["x"] < 0).all()


def test_infinite_products_are_drawn():
    go.Figure(product_bars(np.array([1e200, 1e60, 1.0]), np.array([1e200, 1.0, 1.0]), 0.0, LIGHT))


def test_weights_and_inputs_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"\(2,\) and inputs \(3,\)"):
        product_bars(np.ones(2), np.ones(3), 0.0, LIGHT)


@pytest.mark.parametrize("f", ELEMENTWISE, ids=lambda f: f.name)
def test_the_point_lies_on_the_curve_and_the_tangent_has_its_slope(f):
    z = 0.7
    figure = point_on_curve(f, z, float(f(z)), float(f.derivative(z)), LIGHT, f.title)
    go.Figure(figure)
    curve, tangent, _, point = figure["data"]
    assert np.interp(z, curve["x"], curve["y"]) == pytest.approx(point["y"][0], abs=1e-3)
    assert np.diff(tangent["y"])[0] / np.diff(tangent["x"])[0] == pytest.approx(float(f.derivative(z)), abs=1e-9)


@pytest.mark.parametrize("z", [1000.0, -1000.0, np.nan, np.inf])
def test_extreme_points_make_a_valid_figure(z):
    f = ACTIVATIONS["sigmoid"]
    go.Figure(point_on_curve(f, z, float(f(z)), float(f.derivative(z)), LIGHT, "sigmoid"))


def test_histogram_counts_every_sample():
    a = np.tanh(np.random.default_rng(1).normal(size=500))
    figure = batch_histogram(a, a[3], LIGHT)
    go.Figure(figure)
    assert figure["data"][0]["y"].sum() == 500
    assert len(figure["data"][0]["y"]) == BINS
    assert figure["data"][1]["x"] == [a[3], a[3]]


@pytest.mark.parametrize("a", [np.zeros(9), np.array([1.0]), np.array([np.nan, np.inf, 1.0]), np.full(3, np.nan), np.full(5, 1e9)])
def test_histogram_of_one_value_or_none_is_drawn(a):
    figure = batch_histogram(a, float(a[0]), LIGHT)
    go.Figure(figure)
    assert figure["data"][0]["y"].sum() == np.isfinite(a).sum()
    lost = int((~np.isfinite(a)).sum())
    assert (f"{lost} not finite" in figure["layout"]["title"]["text"]) == (lost > 0)


@pytest.mark.parametrize("z", [1e36, -1e38, 1.7e308])
def test_a_sum_near_the_end_of_float64_leaves_a_curve_of_numbers(z):
    figure = point_on_curve(ACTIVATIONS["relu"], z, max(z, 0.0), float(z > 0), LIGHT, "ReLU")
    assert np.isfinite(figure["data"][0]["x"]).all()
    assert np.isfinite(figure["layout"]["xaxis"]["range"]).all()
