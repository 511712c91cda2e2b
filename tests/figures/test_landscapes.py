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


def test_an_axis_of_heights_ends_where_they_do():
    assert descent.scale(descent.Panel("f", np.array([[80.0, 28.0]]), 1.0)) == (10.0, 100.0)
    assert descent.scale(descent.Panel("f", np.array([[8e5, 3e3]]), 1.0)) == (1e3, 1e6)


@pytest.mark.parametrize("draw", [landscapes.contour, landscapes.surface])
def test_where_the_figure_rests_each_path_is_drawn_whole_even_if_frames_before_show_only_tails(draw):
    surface, frames = SURFACES["rastrigin"], dense_steps(500)
    runs = paths(surface, 500, [-3.4, 2.4], names=["sgd"] * 8, rate=0.01)
    figure = draw(LIGHT, ground(surface), runs, frames, title="t", key="k")
    names = [trace["name"] for trace in figure["data"]]
    lines = [place for place, name in enumerate(names) if name in {run.name for run in runs}]
    last, before = figure["frames"][-1], figure["frames"][-2]
    for place in lines:
        whole, tail = (frame["data"][frame["traces"].index(place)]["x"] for frame in (last, before))
        assert len(tail) < len(figure["data"][place]["x"]) <= len(whole)
        assert whole[0] == figure["data"][place]["x"][0]
    assert bytes_of(figure) <= MOST_BYTES


def test_a_line_that_stops_is_named_there_and_one_that_ends_near_the_right_beside_the_axes():
    steps = np.arange(101.0)
    stops, leaves = np.where(steps <= 40, 1e-3, np.nan), np.where(steps <= 85, 1e-2, 1e-30)
    looks = [Path(name, np.zeros((101, 2)), i) for i, name in enumerate(("stops", "leaves", "stays"))]
    values = np.stack([stops, leaves, np.full(101, 1.0)])
    figure = descent.panels(LIGHT, [descent.Panel("f", values, 1.0)], looks, [100], title="t", key="k")
    names = {note["text"]: note for note in figure["layout"]["annotations"] if note["text"] in ("stops", "leaves", "stays")}
    assert names["stops"]["x"] == pytest.approx(41, abs=1)
    assert names["stops"]["y"] == pytest.approx(-3)
    assert names["leaves"]["xref"] == names["stays"]["xref"] == "x domain"


def test_the_start_is_named_on_the_side_where_no_path_is():
    surface = SURFACES["himmelblau"]
    for end, side in (([0.7, -1.0], 1), ([3.0, 2.0], -1)):
        run = Path("SGD", np.array([[0.7, -1.0], end]), 0)
        notes = landscapes.contour(LIGHT, ground(surface), [run], [0, 1], title="t", key="k", start=(0.7, -1.0))["layout"]["annotations"]
        start, name = (next(note for note in notes if note["text"] == text) for text in ("start", "SGD"))
        assert np.sign(start["yshift"]) == side
        assert side < 0 or name["yshift"] < 0


def test_each_name_of_the_rate_map_stands_beside_its_bar_and_each_limit_in_the_row_of_its_run():
    surface, rates = SURFACES["ravine"], np.geomspace(1e-4, 10, 60)
    names = NAMES[:4] * 2
    *_, found = sweep_chunks(rate_sweep(surface, [OPTIMIZERS[name]() for name in names], rates, [0.7, -1.0], 100))
    looks = [Path(f"{name} {i}", np.zeros((1, 2)), i) for i, name in enumerate(names)]
    figure = descent_maps.rates(LIGHT, found, looks, {"2/λ_max": (0.04, 2)}, [0.01] * 8, 0.0, title="t", key="k")
    low, top = figure["layout"]["yaxis"]["range"]
    bars = {t["name"].removesuffix(", diverged"): np.nanmax(t["y"]) for t in figure["data"] if t["name"].endswith("diverged")}
    notes = {note["text"]: note for note in figure["layout"]["annotations"]}
    for name, bar in bars.items():
        assert np.isnan(bar) or notes[name]["y"] == pytest.approx(np.log10(bar), rel=1e-5)
    places = np.array([notes[path.name]["y"] for path in looks])
    assert np.diff(places) / (top - low) * 398 == pytest.approx(18)
    assert low < places[0] < places[-1] < top
    assert notes["2/λ_max = 0.04"]["y"] == places[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("draw", [landscapes.contour, landscapes.surface])
def test_a_path_and_its_name_have_one_colour(draw, theme):
    surface = SURFACES["himmelblau"]
    figure = draw(theme, ground(surface), paths(surface, 30, [0.7, -1.0]), [0, 30], title="t", key="k")
    notes = (figure["layout"].get("scene") or figure["layout"])["annotations"]
    named = [note["font"]["color"] for note in notes if note["text"] in NAMES]
    assert named == list(theme.categorical_text[: len(named)])
    assert len(named) > 1


def test_on_a_narrow_screen_the_picture_stays_under_its_title():
    surface = SURFACES["bowl"]
    over = landscapes.contour(LIGHT, ground(surface), [], [0], title="t", key="k")
    of_basins = descent_maps.basins(LIGHT, basins(surface, OPTIMIZERS["sgd"](0.1), 10, 20), (0.0, 0.0), title="t", key="k")
    for figure in (over, of_basins):
        assert figure["layout"]["yaxis"]["constraintoward"] == "top"


def test_names_of_ends_beside_each_other_do_not_cover_each_other():
    taken = []
    places = [(0.4, 0.33), (0.55, 0.32), (0.62, 0.34), (0.5, 0.36), (0.45, 0.3)]
    for place in places:
        landscapes._free_place(np.array(place), "center", 16, 1, False, taken)
    assert not [1 for i, one in enumerate(taken) for other in taken[:i] if landscapes._overlap(one, other)]


def test_a_name_at_the_lower_edge_stands_above_its_place():
    assert landscapes._free_place(np.array([0.5, 0.01]), "center", 10, 1, False, []) == (True, 0)


@pytest.mark.parametrize("top", [0.5, 1.0, 1.3])
def test_names_of_paths_that_end_side_by_side_do_not_cover_each_other(top):
    surface = SURFACES["saddle"]  # drawn from -3 to 3
    runs = [Path(f"Run {i}", np.array([[-2.4, 0.0], [-1.0 + 0.45 * i, 3 * top]]), i, note=f"diverged at {i}") for i in range(6)]
    notes = landscapes.contour(LIGHT, ground(surface), runs, [0, 1], title="t", key="k")["layout"]["annotations"]
    boxes = []
    for note in notes:
        width = 6.5 * len(note["text"])  # px on a plot of 398, as wide as these letters are at 13 px
        left = 398 * (note["x"] + 3) / 6 - {"left": 0, "center": width / 2, "right": width}[note["xanchor"]]
        boxes.append((left, left + width, 398 * (note["y"] + 3) / 6 + note["yshift"]))
    for i, (left, right, height) in enumerate(boxes):
        for other_left, other_right, other in boxes[:i]:
            assert abs(height - other) >= 14 or right <= other_left or other_right <= left
