"""What is drawn of activations and losses is what the engine computed, in figures that Plotly accepts."""

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.activations import ACTIVATIONS, get_activation, softmax, softmax_jacobian
from nnviz.core.losses import LOSSES
from nnviz.figures import activations, curves, losses, strip
from nnviz.figures.theme import THEMES
from nnviz.ui.chart import encode

ELEMENTWISE = [f for f in ACTIVATIONS.values() if f.elementwise]


def size(figure):
    return len(encode(figure))


@pytest.fixture(params=THEMES.values(), ids=THEMES)
def theme(request):
    return request.param


@pytest.mark.parametrize("draw", [strip.strip, curves.overlaid])
@pytest.mark.parametrize("count", [1, 5, 6, 14])
def test_any_number_of_functions_is_drawn_with_its_numbers(theme, draw, count):
    chosen = ELEMENTWISE[:count]
    drawn = activations.curves(chosen, 1.2)
    figure = draw(theme, drawn, activations.words(theme), "f and f′", "key", activations.limits(drawn))
    go.Figure(figure)
    assert size(figure) < 400_000
    for f in chosen:
        trace = next(trace for trace in figure["data"] if trace["name"] == f.title)
        assert np.array_equal(trace["y"], f(drawn[0].x))
        slope = next(trace for trace in figure["data"] if trace["name"] == f"{f.title}, slope")
        assert np.array_equal(slope["y"], f.derivative(drawn[0].x))


def test_one_hover_tells_every_function(theme):
    drawn = activations.curves(ELEMENTWISE[:4], 0.3)
    figure = strip.strip(theme, drawn, activations.words(theme), "", "", activations.limits(drawn))
    main = [trace for trace in figure["data"] if "customdata" in trace]
    assert len(main) == 4
    for trace in main:
        assert trace["customdata"].shape == (len(trace["x"]), 9)
        assert all(f.title in trace["hovertemplate"] for f in ELEMENTWISE[:4])
    assert figure["layout"]["hoversubplots"] == "axis"


@pytest.mark.parametrize("f", ELEMENTWISE, ids=lambda f: f.name)
def test_the_tangent_touches_the_curve_with_its_slope(theme, f):
    (curve,) = activations.curves([f], 0.7)
    x, y = curves.tangent(curve, 1.0)
    assert y[1] == pytest.approx(float(f(0.7)))
    assert (y[2] - y[0]) / (x[2] - x[0]) == pytest.approx(float(f.derivative(0.7)))


def test_the_axes_do_not_move_with_the_point():
    at = [activations.limits(activations.curves(ELEMENTWISE, z)) for z in (-4.0, 0.0, 4.0)]
    assert at[0] == at[1] == at[2]


@pytest.mark.parametrize("text", ["z**9", "1/z", "log(z)", "exp(z**2)"])
def test_a_formula_that_leaves_the_axes_is_still_a_figure(theme, text):
    drawn = activations.curves([get_activation(f"={text}")], -4.0)
    figure = strip.strip(theme, drawn, activations.words(theme), "", "", activations.limits(drawn))
    go.Figure(figure)
    assert np.isfinite(figure["layout"]["yaxis"]["range"]).all()


@given(st.lists(st.floats(0, 300), min_size=1, max_size=20))
def test_labels_stand_apart_in_their_order_and_inside(places):
    moved = np.array(curves.apart(places, 18, 400))
    order = np.argsort(places, kind="stable")
    assert np.all(np.diff(moved[order]) >= 18 - 1e-9)
    assert moved.min() >= 0


@pytest.mark.parametrize("count", [2, 3, 8])
def test_softmax_bars_and_jacobian_hold_their_numbers(theme, count):
    z = np.linspace(-3, 5, count)
    a = softmax(z)
    bars = activations.softmax_bars(theme, z, a, "", "")
    go.Figure(bars)
    assert np.array_equal(bars["data"][1]["y"], a)
    J = softmax_jacobian(a)
    heat = activations.jacobian(theme, J, "", "")
    go.Figure(heat)
    assert np.array_equal(heat["data"][0]["z"], J)
    assert len(heat["layout"]["annotations"]) == count**2


def test_lines_over_layers_leave_out_what_has_no_logarithm(theme):
    values = [np.array([1.0, 0.0, np.inf, 1e-30]), np.array([1.0, 2.0, 4.0, 8.0])]
    figure = activations.by_layer(theme, ["a", "b"], np.arange(4.0), values, "", "", True)
    go.Figure(figure)
    assert np.isnan(figure["data"][0]["y"]).tolist() == [False, True, True, False]


@pytest.mark.parametrize("y", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_over_prediction_and_logit_has_its_own_slope(theme, loss, y):
    x, h = np.array([0.15, 0.5, 0.93]), 1e-6
    up, down = (losses.of_logit(loss, x + step, y)[0] for step in (h, -h))
    assert losses.of_logit(loss, x, y)[1] == pytest.approx((up - down) / (2 * h), abs=1e-6)
    for curve in (losses.over_prediction(loss, y, 0.8), losses.over_logit(loss, y, -4.0)):
        figure = curves.overlaid(theme, [curve], losses.words(theme, "z"), "", "", losses.limits([curve], (-1, 2)))
        go.Figure(figure)
        assert np.isfinite(curve.value).sum() > 60


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_a_target_outside_the_domain_is_a_sentence(name):
    with pytest.raises(ValueError, match="target"):
        losses.over_prediction(LOSSES[name], 1.5, 0.8)


def test_what_eight_tenths_cost_for_a_target_of_one():
    costs = {name: losses.over_prediction(LOSSES[name], 1.0, 0.8).at[1] for name in LOSSES}
    assert costs["half_squared_error"] == pytest.approx(0.02)
    assert costs["binary_cross_entropy"] == costs["cross_entropy"] == pytest.approx(-np.log(0.8))
    assert costs["absolute_error"] == pytest.approx(0.2)


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_far_out_the_exact_loss_is_drawn_beside_the_clipped(theme, y):
    exact, clipped = losses.far_out(y, -1000.0, 1e-7)
    assert exact.at[1] == (1000.0 if y else 0.0)
    assert clipped.at[1] == pytest.approx(-np.log(1e-7) if y else 1e-7, rel=1e-6)


def test_bars_name_the_worst_and_draw_the_mean(theme):
    values = np.array([0.1, 3.0, 0.2, np.inf, 1.0])
    figure = losses.bars(theme, values, [10, 11, 12, 13, 14], 0.86, "", named=2)
    go.Figure(figure)
    assert figure["data"][0]["text"] == ["", "11", "", "", "14"]
    assert figure["layout"]["shapes"][0]["y0"] == 0.86
