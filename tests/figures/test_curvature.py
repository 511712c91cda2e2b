"""Pictures of the Hessian: valid, small, and true to the engine's numbers."""

from collections import deque

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.objectives import Quadratic
from nnviz.core.spectra import edge_runs_chunks
from nnviz.figures import curvature
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode

MOST_BYTES = 400_000
RNG = np.random.default_rng(0)
SPECTRA = np.sort(RNG.normal(size=(60, 300)) * 10 ** RNG.uniform(-6, 1, size=(60, 300)), axis=1)
EDGES = deque(edge_runs_chunks(Quadratic([[2, 0], [0, 1]]), [1.0, 1.0], [0.5, 0.99, 1.2, 9.0], 400), maxlen=1).pop()[1]


def size(figure):
    return len(encode(figure))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_histogram_counts_every_eigenvalue_on_the_side_of_its_sign(theme):
    figure = curvature.spectrum(theme, SPECTRA, title="t", key="k")
    go.Figure(figure)
    assert size(figure) <= MOST_BYTES
    assert len(figure["frames"]) == 60
    for t in (0, 31, 59):
        negative, positive = (np.sum(trace["y"]) for trace in figure["frames"][t]["data"][:2])
        assert negative == np.sum(SPECTRA[t] < 0)
        assert positive == np.sum(SPECTRA[t] >= 0)
        np.testing.assert_allclose(figure["frames"][t]["data"][2]["customdata"], SPECTRA[t], rtol=1e-6)


def test_the_figure_shows_the_last_frame():
    figure = curvature.spectrum(LIGHT, SPECTRA, title="t", key="k")
    for trace, framed in zip(figure["data"], figure["frames"][-1]["data"], strict=True):
        np.testing.assert_array_equal(trace["y"] if "y" in framed else trace["x"], framed["y"] if "y" in framed else framed["x"])


@pytest.mark.parametrize("spectra", [np.zeros((2, 4)), np.full((2, 4), np.nan), np.full((1, 3), 1e300), np.full((1, 1), -1e-300)])
def test_flat_diverged_and_huge_spectra_are_drawn(spectra):
    go.Figure(curvature.spectrum(LIGHT, spectra, title="t", key="k"))


def test_the_stretched_axis_is_odd_and_rises():
    stretch = curvature.Stretch(37.0)
    values = np.array([1e-5, 1e-3, 0.1, 1.0, 37.0])
    np.testing.assert_allclose(stretch(-values), -stretch(values))
    assert (np.diff(stretch(values)) > 0).all()
    ticks = stretch.ticks(float(stretch(-1.0)), float(stretch(37.0)))
    assert "0" in ticks["ticktext"]
    assert "10" in ticks["ticktext"]
    assert "−10⁻¹" in ticks["ticktext"]
    assert "−10" not in ticks["ticktext"]


def test_the_density_is_drawn_as_it_is():
    grid = np.linspace(-1, 1, 500)
    values = np.exp(-((grid / 0.1) ** 2))
    figure = curvature.density(LIGHT, grid, values, np.array([0.5, 0.9]), title="t", key="k")
    go.Figure(figure)
    shown = np.isfinite(figure["data"][0]["y"])
    np.testing.assert_array_equal(figure["data"][0]["y"][shown], values[shown])


def test_the_bars_of_an_eigenvector_are_its_shares():
    shares = np.array([[0.25, 0.5], [0.75, 0.5]])
    figure = curvature.layers(DARK, shares, np.array([3.0, -1.0]), title="t", key="k")
    go.Figure(figure)
    np.testing.assert_array_equal([trace["x"] for trace in figure["data"]], shares)


@pytest.mark.parametrize("rate", [0.1, 0.9, 0.0])
def test_the_line_of_factors_is_that_of_the_formula(rate):
    values = np.array([2.5, 0.3, -0.1])
    predicted = np.abs(1 - rate * values)
    figure = curvature.factors(LIGHT, values, predicted, predicted + 0.01, rate, title="t", key="k")
    go.Figure(figure)
    line = figure["data"][0]
    np.testing.assert_allclose(line["y"], np.abs(1 - rate * np.asarray(line["x"])))
    np.testing.assert_allclose(figure["data"][1]["y"], predicted + 0.01)


def test_errors_are_drawn_whatever_their_sign():
    distance = np.array([[1.0, 1.0], [-0.5, 2.0], [0.25, np.inf]])
    figure = curvature.errors(LIGHT, np.array([3.0, -1.0]), distance, title="t", key="k")
    go.Figure(figure)
    np.testing.assert_allclose(figure["data"][0]["y"], [1, 0.5, 0.25])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_sharpness_edges_and_moments_are_the_engine_s(theme):
    figure = curvature.edge(theme, EDGES, title="t", key="k")
    go.Figure(figure)
    assert size(figure) <= MOST_BYTES
    by_name = {trace["name"]: trace for trace in figure["data"]}
    np.testing.assert_allclose(by_name["α = 0.5, sharpness"]["y"], 2.0)
    np.testing.assert_allclose(by_name["α = 0.5, 2/α"]["y"], 4.0)
    assert "0.5, met its edge" not in by_name
    assert by_name["1.2, met its edge"]["x"] == [0]
    assert "9, diverges: leaves the picture at" in by_name


def test_runs_that_all_diverge_at_once_are_drawn():
    found = deque(edge_runs_chunks(Quadratic([[2, 0], [0, 1]]), [1.0, 1.0], [1e200], 50), maxlen=1).pop()[1]
    go.Figure(curvature.edge(LIGHT, found, title="t", key="k"))


def test_the_line_over_batch_sizes_is_the_geometric_mean_of_what_is_finite():
    sharpness = np.array([[1.0, 4.0], [np.nan, 9.0], [np.nan, np.nan]])
    figure = curvature.by_batch(LIGHT, ["2", "8", "all"], sharpness, title="t", key="k")
    go.Figure(figure)
    np.testing.assert_allclose(figure["data"][0]["y"], [2.0, 9.0, np.nan])
