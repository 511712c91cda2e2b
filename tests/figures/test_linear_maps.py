"""The pictures of matrices hold what the engine computes, within their frames and bytes."""

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest

from nnviz.core.eigen import kept_directions, spectrum
from nnviz.core.linear_maps import ENSEMBLES, random_matrix, rotation
from nnviz.core.stability import iterate_twins, pseudospectrum, transient_growth
from nnviz.figures import linear_maps as figures
from nnviz.figures.theme import DARK, LIGHT

W = np.array([[0.9, 5.0], [0.0, 0.8]])


def valid(figure):
    made = go.Figure(figure)
    assert len(plotly.io.to_json(made)) < 400_000
    assert len(made.frames) <= 60
    return made


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_circle_becomes_the_ellipse_of_the_singular_values(theme):
    made = valid(figures.deformation(W, theme))
    lengths = np.hypot(made.data[1].x, made.data[1].y)
    assert lengths.max() <= np.linalg.svd(W)[1][0] * (1 + 1e-12)
    assert np.hypot(made.frames[0].data[1].x, made.frames[0].data[1].y) == pytest.approx(1)


def test_eigenvectors_stay_on_their_line_through_all_frames():
    made = valid(figures.deformation(W, LIGHT))
    _, vectors = kept_directions(W)
    for frame in made.frames:
        moved = np.stack([frame.data[3].x[1::3], frame.data[3].y[1::3]])
        assert moved[0] * vectors[1] == pytest.approx(moved[1] * vectors[0], abs=1e-5)


@pytest.mark.parametrize(("matrix", "lines"), [(rotation(0.5), 0), (np.eye(2), 2), (np.array([[1.0, 1.0], [0.0, 1.0]]), 1)])
def test_how_many_lines_are_kept(matrix, lines):
    values, vectors = kept_directions(matrix)
    assert len(values) == vectors.shape[1] == lines
    valid(figures.deformation(matrix, LIGHT))


@pytest.mark.parametrize("scale", [0.5, 1.0, 30.0])
def test_paths_of_any_growth_are_drawn(scale):
    twins = iterate_twins(scale * rotation(0.3), [1.0, 0.5], [1e-3, 0.0], 500)
    made = valid(figures.iterates(twins, LIGHT))
    assert np.asarray(made.data[1].x)[:5] == pytest.approx(twins.path[:5, 0], rel=1e-6)
    valid(figures.distance(twins, LIGHT))


def test_distance_is_the_engines_and_dotted_is_the_radius():
    twins = iterate_twins(W, [1.0, 1.0], [1e-3, 0.0], 20)
    made = valid(figures.distance(twins, LIGHT))
    assert made.data[0].y == pytest.approx(twins.distance)
    assert made.data[1].y == pytest.approx(twins.asymptote)


def test_transient_growth_names_its_peak():
    growth = transient_growth(W, 40)
    assert f"step {int(growth.peak_step)}" in valid(figures.transient(growth, LIGHT)).layout.title.text


def test_pseudospectrum_is_the_logarithm_of_the_engines():
    axis = np.linspace(-2, 2, 21)
    smallest = pseudospectrum(W, axis, axis)
    made = valid(figures.pseudospectrum(axis, axis, smallest, spectrum(W), LIGHT))
    assert np.asarray(made.data[0].z) == pytest.approx(np.log10(np.maximum(smallest, 1e-16)), abs=1e-5)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_a_law_integrates_to_one_beside_a_histogram_that_does(name):
    values = spectrum(random_matrix(name, 100, seed=1, gain=0.7))
    made = valid(figures.law(values, ENSEMBLES[name], 0.7, LIGHT))
    assert np.trapezoid(made.data[1].y, made.data[1].x) == pytest.approx(1, abs=0.02)
    assert np.sum(np.asarray(made.data[0].y) * np.asarray(made.data[0].width) / 0.94) == pytest.approx(1)
    valid(figures.complex_plane(values, "t", "k", LIGHT))


def test_what_is_not_finite_is_left_out_not_thrown():
    values = np.array([np.inf, np.nan, 0.5 + 0.5j])
    assert len(valid(figures.complex_plane(values, "t", "k", LIGHT)).data[1].x) == 1
    valid(figures.law(values, None, 1.0, LIGHT))
    valid(figures.transient(transient_growth(np.full((2, 2), 1e200), 500), LIGHT))
