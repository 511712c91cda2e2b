"""Landscapes with paths, values over steps, the inside of an optimiser and the maps: valid, small, and true to the engine's numbers."""

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.anatomy import anatomy, recorded
from nnviz.core.descent import descend
from nnviz.core.maps import basins, rate_sweep
from nnviz.core.minima import DIVERGED, NOWHERE
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES, Surface
from nnviz.core.sweep import sweep_chunks
from nnviz.figures import descent, descent_maps, landscapes
from nnviz.figures.animation import dense_steps
from nnviz.figures.landscapes import Ground, Path, relief
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode

NAMES = ("sgd", "momentum", "heavy_ball", "nesterov", "rmsprop", "adam", "lion", "adagrad")
MOST_BYTES = 400_000


def ground(surface, points=121):
    x, y = (np.linspace(low, high, points) for low, high in surface.bounds)
    return Ground(x, y, surface.value(np.stack(np.meshgrid(x, y), axis=-1)))


def paths(surface, steps, start, names=NAMES, rate=None):
    made = []
    for look, name in enumerate(names):
        optimizer = OPTIMIZERS[name](**({} if rate is None else {"learning_rate": rate}))
        run = descend(surface, optimizer, start, steps)
        made.append(Path(name, run.theta, look, run.value))
    return made


def bytes_of(figure):
    return len(encode(figure))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("draw", [landscapes.contour, landscapes.surface])
def test_a_landscape_is_valid_and_ends_where_the_runs_end(theme, draw):
    surface, frames = SURFACES["himmelblau"], dense_steps(200)
    runs = paths(surface, 200, [0.7, -1.0])
    figure = draw(theme, ground(surface), runs, frames, title="t", key="k", minima=surface.minima)
    go.Figure(figure)
    assert len(figure["frames"]) == len(frames) <= 60
    heads = figure["data"][-1]
    order = {name: place for place, name in enumerate(heads["text"])}
    for run in runs:
        place = order[run.name]
        np.testing.assert_allclose([heads["x"][place], heads["y"][place]], run.points[-1], atol=1e-5)
        at_start = figure["frames"][0]["data"][-1]
        np.testing.assert_allclose([at_start["x"][place], at_start["y"][place]], [0.7, -1.0], atol=1e-6)


@pytest.mark.parametrize("rate", [0.019, 0.3, 1e6])
def test_eight_wild_runs_of_500_steps_stay_small(rate):
    surface, frames = SURFACES["himmelblau"], dense_steps(500)
    runs = paths(surface, 500, [0.7, -1.0], rate=rate)
    assert bytes_of(landscapes.contour(LIGHT, ground(surface), runs, frames, title="t", key="k")) <= MOST_BYTES
    assert bytes_of(landscapes.surface(LIGHT, ground(surface), runs, frames, title="t", key="k")) <= MOST_BYTES


def test_a_frame_holds_the_path_up_to_its_step():
    surface = SURFACES["bowl"]
    run = paths(surface, 30, [1.0, 2.0], names=("sgd",), rate=0.1)
    figure = landscapes.contour(LIGHT, ground(surface), run, range(31), title="t", key="k")
    part = figure["frames"][7]["data"][0]
    np.testing.assert_allclose(np.column_stack([part["x"], part["y"]])[-1], run[0].points[7], atol=1e-6)
    assert len(part["x"]) <= 9


def test_steps_too_short_to_be_seen_are_left_out_and_zigzags_are_not():
    still, zigzag = np.full((100, 2), 0.5), np.array([[0.0, (-1) ** t] for t in range(100)])
    assert len(landscapes.thinned(still, np.ones(2))) == 2
    assert len(landscapes.thinned(zigzag, np.ones(2))) == 100


@pytest.mark.parametrize("draw", [landscapes.contour, landscapes.surface])
def test_a_run_that_overflows_and_a_hole_in_the_plane_are_drawn(draw):
    surface = Surface.from_expression("log(x) + y**2")
    runs = paths(surface, 40, [1.0, 2.0], names=("sgd", "momentum"), rate=3.0)
    figure = draw(LIGHT, ground(surface, 31), runs, dense_steps(40), title="t", key="k")
    go.Figure(figure)
    assert np.isnan(figure["data"][0]["z"]).any()


def test_a_constant_surface_and_one_without_paths_are_drawn():
    flat = ground(Surface.from_expression("1 + 0*x"), 31)
    go.Figure(landscapes.contour(LIGHT, flat, [], [0], title="t", key="k"))
    go.Figure(landscapes.surface(LIGHT, flat, [], [0], title="t", key="k"))


def test_heights_are_even_or_logarithmic_and_keep_their_order():
    low, tall = relief(np.linspace(0, 1, 50)), relief(np.geomspace(1e-3, 1e6, 50))
    assert low.unit == 0
    assert tall.unit > 0
    for scale in (low, tall):
        assert np.all(np.diff(scale(np.geomspace(1e-2, 1, 20))) > 0)


def test_curves_hold_every_value_and_their_frames_the_value_of_the_step():
    surface, frames = SURFACES["himmelblau"], dense_steps(500)
    runs = [descend(surface, OPTIMIZERS[name](), [0.7, -1.0], 500) for name in NAMES[:6]]
    shown = [
        descent.Panel("f", np.stack([run.value for run in runs]), 0.5),
        descent.Panel("‖∇f‖", np.stack([run.gradient_norm for run in runs]), 0.25),
    ]
    looks = [Path(name, run.theta, i) for i, (name, run) in enumerate(zip(NAMES[:6], runs, strict=True))]
    figure = descent.panels(LIGHT, shown, looks, frames, title="t", key="k")
    go.Figure(figure)
    assert bytes_of(figure) <= MOST_BYTES
    shown = runs[0].value > descent.FLOOR
    np.testing.assert_allclose(figure["data"][0]["y"][shown], runs[0].value[shown], rtol=1e-6)
    moved = figure["frames"][20]["data"][0]
    assert set(moved["x"]) == {20}
    guide, markers = moved["y"][:2], moved["y"][3::2]
    assert guide[0] < markers.min() < markers.max() < guide[1]
    np.testing.assert_allclose(markers, [run.value[20] for run in runs], rtol=1e-6)
    assert np.isnan(moved["y"][2::2]).all()  # no line from marker to marker


def test_places_answer_to_clicks_without_being_drawn():
    surface = SURFACES["himmelblau"]
    places = landscapes.contour(LIGHT, ground(surface), [], [0], title="t", key="k")["data"][1]
    assert len(places["x"]) == landscapes.CLICKS**2
    assert (places["mode"], places["marker"]["maxdisplayed"]) == ("markers", 1)  # Plotly selects no points of lines


def test_diverging_negative_and_constant_values_have_an_axis():
    for values in (np.full((1, 5), np.nan), np.array([[1.0, np.inf, np.nan]]), np.zeros((1, 4)), np.array([[-1.0, -1e300, -np.inf]])):
        for logarithmic in (True, False):
            low, high = descent.scale(descent.Panel("f", values, 1.0, logarithmic))
            assert np.isfinite([low, high]).all()
            assert low < high


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "muon"])
def test_the_inside_of_every_optimiser_is_drawn(name):
    surface, optimizer = SURFACES["himmelblau"], OPTIMIZERS[name]()
    run = descend(surface, optimizer, [0.7, -1.0], 100, record=recorded(optimizer))
    inner = anatomy(optimizer, run, surface)
    figure = descent.inside(LIGHT, inner.arrows(), Path(name, run.theta, 2), dense_steps(100), title="t", key="k")
    go.Figure(figure)
    assert bytes_of(figure) <= MOST_BYTES
    lengths = figure["frames"][5]["data"][-2]["text"]
    assert len(lengths) == len(inner.arrows())


def test_the_rate_map_tells_what_diverged():
    surface, rates = SURFACES["himmelblau"], np.geomspace(1e-4, 10, 60)
    *_, found = sweep_chunks(rate_sweep(surface, [OPTIMIZERS[name]() for name in NAMES[:3]], rates, [0.7, -1.0], 100))
    looks = [Path(name, np.zeros((1, 2)), i) for i, name in enumerate(NAMES[:3])]
    figure = descent_maps.rates(LIGHT, found, looks, {"2/λ_max": (0.03, 0)}, [0.01, 0.01, 5.0], 0.0, title="t", key="k")
    go.Figure(figure)
    bars = [trace for trace in figure["data"] if trace["name"].endswith("diverged")]
    for bar, diverged in zip(bars, found.diverged, strict=True):
        np.testing.assert_array_equal(np.isfinite(bar["y"]), diverged)


def test_the_basin_map_is_a_byte_a_start_and_its_shares_are_whole():
    found = basins(SURFACES["rosenbrock"], OPTIMIZERS["heavy_ball"](learning_rate=2e-3), 60, 150)
    figure = descent_maps.basins(DARK, found, (0.0, 0.0), title="t", key="k")
    go.Figure(figure)
    assert figure["data"][0]["z"].dtype == np.uint8
    assert {NOWHERE, DIVERGED} & set(np.unique(found.reached))
    shares = [float(share.rstrip("%")) for _, _, share in descent_maps.basin_shares(found.reached, found.minima)]
    assert sum(shares) == pytest.approx(100, abs=0.2)
