"""The heat maps of Z = W·X + b hold the product, walk over its cells, and crop what is too large to read."""

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.figures.matrices import MOST_INPUTS, MOST_SAMPLES, MOST_UNITS, around, product, shown_part
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode

RNG = np.random.default_rng(0)
W, X, B = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=(3, 1))
WIDE = RNG.normal(size=(64, 64)), RNG.normal(size=(64, 900)), RNG.normal(size=(64, 1))


def trace(figure, name):
    return next(t for t in figure["data"] if t.get("name") == name)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("matrices", [(W, X, B), WIDE, (W[:1, :1], X[:1, :1], B[:1])], ids=["small", "wide", "1 × 1"])
def test_figure_is_valid_and_small(matrices, theme):
    figure, walk = product(*matrices, theme)
    go.Figure(figure)
    assert len(figure["frames"]) == len(walk.cells) == len(walk.labels) <= 60
    assert len(encode(figure)) < 400_000


def test_maps_are_the_matrices_and_their_product():
    figure, _ = product(W, X, B, LIGHT)
    assert trace(figure, "W")["z"] == pytest.approx(W, rel=1e-6)
    assert trace(figure, "X")["z"] == pytest.approx(X, rel=1e-6)
    assert trace(figure, "Z")["z"] == pytest.approx(W @ X + B, rel=1e-6)


def test_row_and_column_that_are_lit_meet_in_the_lit_cell():
    figure, walk = product(W, X, B, LIGHT, unit=1, sample=2)
    assert walk.cells[walk.rest] == (1, 2)
    for frame, (unit, sample) in zip(figure["frames"], walk.cells, strict=True):
        row, bias, column, cell = (np.asarray(d["z"], dtype=float) for d in frame["data"][:4])
        assert row.ravel() == pytest.approx(W[unit], rel=1e-6)
        assert cell.item() == pytest.approx((row @ column + bias).item(), rel=1e-5)
        assert cell.item() == pytest.approx((W @ X + B)[unit, sample], rel=1e-5)


def test_each_number_is_written_once_lit_or_veiled():
    figure, _ = product(W, X, B, LIGHT)
    for frame in figure["frames"]:
        veiled, lit = frame["data"][4], frame["data"][5]
        written = [text for text in veiled["text"] if text != " "]
        assert len(written) + len(lit["text"]) == W.size + X.size + B.size + 12


def test_of_wide_layers_the_inputs_that_count_most_are_shown_and_the_rest_is_told():
    part = shown_part(*WIDE, unit=30, sample=800)
    size = np.abs(WIDE[0][30] * WIDE[1][:, 800])
    assert set(part.inputs) == set(np.argsort(-size)[:MOST_INPUTS])
    assert (30 in part.units, 800 in part.samples) == (True, True)
    assert part.Z.shape == (MOST_UNITS, MOST_SAMPLES)
    assert pytest.approx((WIDE[0] @ WIDE[1] + WIDE[2])[np.ix_(part.units, part.samples)]) == part.Z
    figure, _ = product(*WIDE, LIGHT, unit=30, sample=800)
    assert f"{MOST_UNITS} of 64 units, {MOST_INPUTS} of 64 inputs, {MOST_SAMPLES} of 900 samples" in figure["layout"]["title"]["text"]


def test_shapes_are_written():
    figure, _ = product(*WIDE, LIGHT)
    told = " ".join(trace(figure, "names")["text"])
    assert "64 × 900" in told
    assert "inner sizes agree" in told


@pytest.mark.parametrize(("chosen", "count", "most"), [(0, 9, 4), (8, 9, 4), (4, 9, 4), (0, 1, 4)])
def test_neighbours_hold_the_chosen_one(chosen, count, most):
    found = around(chosen, count, most)
    assert chosen in found
    assert len(found) == min(count, most)


@pytest.mark.parametrize(
    ("matrices", "cell", "said"),
    [((W, X[:3], B), (0, 0), "X needs 4 rows"), ((W, X, B), (3, 0), "no cell"), ((W, X, B.T), (0, 0), r"\(3, 1\)")],
)
def test_what_does_not_fit_is_a_sentence(matrices, cell, said):
    with pytest.raises(ValueError, match=said):
        product(*matrices, LIGHT, *cell)


def test_overflow_is_drawn():
    figure, _ = product(np.full((2, 2), 1e200), np.full((2, 2), 1e200), np.zeros((2, 1)), LIGHT)
    go.Figure(figure)
    assert any("∞" in text for text in figure["frames"][0]["data"][5]["text"])
