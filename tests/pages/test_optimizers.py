"""The page Optimisers as a person meets it: its views, its bad input, its links."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from nnviz.core.optimizers import OPTIMIZERS, Optimizer
from nnviz.core.surfaces import SURFACES, Surface
from nnviz.core.sweep import sweep_chunks
from nnviz.ui import descent_figures, descent_trials, tuning
from nnviz.ui import descent_view as view
from nnviz.ui.show import as_typed
from tests.pages.conftest import formulas

PAGE = "optimizers"
ALL = [tuning.title_of(name) for name in tuning.KINDS]
COARSE = {"Basins": {"basinres": "50"}}


def tables(app):
    return [element.proto.body for element in app.get("html") if "nnviz-table" in element.proto.body]


@pytest.mark.parametrize("shown", ["Results", "Learning rates", "Basins"])
@pytest.mark.parametrize("dimensions", ["Contours", "3-D"])
def test_each_view_opens(open_page, shown, dimensions):
    app = open_page(PAGE, optview=shown, dim=dimensions, steps="40", **COARSE.get(shown, {}))
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("surface", [descent_figures.surface_title(name) for name in SURFACES])
def test_every_surface_opens_with_six_optimisers(open_page, surface):
    app = open_page(PAGE, surface=surface, opt=ALL[:6], steps="60")
    assert not app.exception
    assert not app.error


def test_all_optimisers_are_compared_eight_at_a_time(open_page):
    for names in (ALL[at : at + 8] for at in range(0, len(ALL), 8)):
        app = open_page(PAGE, opt=names, steps="30")
        assert not app.exception
        assert all(f"<td>{name}</td>" in tables(app)[0] for name in names)


@pytest.mark.parametrize("name", ALL)
def test_the_formula_of_each_stands_beside_it(open_page, name):
    app = open_page(PAGE, opt=[name], steps="20", inner=name)
    assert not app.exception
    assert r"\theta" in formulas(app)[-1]


def test_rates_are_those_of_the_link(open_page):
    app = open_page(PAGE, opt=["SGD", "Adam"], tune="sgd.learning_rate=0.0123; adam.bias_correction=false")
    assert "<td>0.0123</td>" in tables(app)[0]
    assert "1-0.999^{" not in formulas(app)[-1]


BAD = {
    "negative": ("sgd.learning_rate=-1", "at least 0"),
    "not a number": ("sgd.learning_rate=nan", "finite"),
    "infinite": ("sgd.learning_rate=inf", "finite"),
    "no number": ("sgd.learning_rate=fast", "number"),
    "unknown": ("sgd.speed=1", "learning_rate"),
    "nobody": ("sdg.learning_rate=1", "no run"),
    "no sense": ("<script>", "cannot be read"),
    "beta of 2": ("momentum.beta=2", "from 0 to 1"),
}


@pytest.mark.parametrize(("tune", "words"), BAD.values(), ids=BAD)
def test_a_bad_setting_gets_a_sentence_and_pictures_stay(open_page, tune, words):
    app = open_page(PAGE, tune=tune)
    assert not app.exception
    assert any(as_typed(words) in error.value for error in app.error)
    assert tables(app)


@pytest.mark.parametrize("rate", ["0", "1e6", "1e300"])
def test_a_rate_of_nothing_or_too_much_is_drawn(open_page, rate):
    app = open_page(
        PAGE, opt=["SGD", "Momentum", "Adam", "L-BFGS"], tune=f"sgd.learning_rate={rate}; lbfgs.learning_rate={rate}", steps="50"
    )
    assert not app.exception
    assert not app.error
    assert ("step 1, at" in tables(app)[0]) == (rate != "0")


FORMULAS = ["x + y", "x**2 - y**2", "log(x)", "1", "abs(x)/x + y**2", "sqrt(x) + y", "1/(x**2 + y**2)", "exp(exp(x))", "tan(x)"]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("shown", ["Results", "Basins", "Learning rates"])
def test_odd_formulas_are_drawn(open_page, formula, shown):
    app = open_page(PAGE, surface="Own formula", fxy=formula, optview=shown, steps="30", **COARSE.get(shown, {}))
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("formula", ["", "x +* y", "z", "__import__('os')", "9**9**9", "log(-1 - x**2)", "x" * 600])
def test_a_formula_that_cannot_be_read_or_is_defined_nowhere_gets_a_sentence(open_page, formula):
    app = open_page(PAGE, surface="Own formula", fxy=formula, steps="20")
    assert not app.exception
    assert app.error
    assert tables(app)


@pytest.mark.parametrize(("start", "fine"), [("100, 100", True), ("−1.5; 2", True), ("1e9, 0", False), ("here", False), ("nan, 1", False)])
def test_a_start_is_anywhere_or_answered(open_page, start, fine):
    app = open_page(PAGE, start=start, steps="30", opt=["SGD", "Adam"])
    assert not app.exception
    assert bool(app.error) != fine


@pytest.mark.parametrize(
    ("start", "words"), [("0, 0", ""), ("20, 0", "outside the picture: a path is seen"), ("100, 100", "counts as diverged at once")]
)
def test_a_start_outside_the_picture_is_told(open_page, start, words):
    app = open_page(PAGE, start=start, steps="30", opt=["SGD", "Adam"])
    told = [caption.value for caption in app.caption if caption.value.startswith("The start lies")]
    assert not app.exception
    assert [words in sentence for sentence in told] == ([True] if words else [])


@pytest.mark.parametrize(
    "address", [{"steps": "-5"}, {"opt": "sgdd"}, {"surface": "hill"}, {"gnoise": "nan"}, {"optview": "x"}, {"inner": "Muon"}]
)
def test_an_odd_address_is_told(open_page, address):
    assert not open_page(PAGE, odd=True, **address).exception


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("3.0", ((-3, 3), (-3, 3))), ("±2", ((-2, 2), (-2, 2))), ("−1; 2", ((-1, 2), (-1, 2))), ("-1, 2, 0, 7", ((-1, 2), (0, 7)))],
)
def test_a_formula_is_drawn_within_the_bounds_asked_for(open_page, text, bounds):
    app = open_page(PAGE, surface="Own formula", fxy="x**2 + y**2", reach=text, steps="20")
    assert not app.exception
    assert not app.error
    assert app.session_state["former surface"].bounds == bounds


@pytest.mark.parametrize("text", ["", "here", "0", "-3", "2, 1", "1, 2, 3", "nan", "1e9", "0, 1, 5, 5", "1, 1.0000000001", "-1, inf"])
def test_bounds_that_are_none_get_a_sentence_and_the_picture_stays(open_page, text):
    app = open_page(PAGE, surface="Own formula", steps="20")
    app.text_input(key="reach").set_value(text).run()
    assert not app.exception
    assert any("as the bounds" in error.value for error in app.error)
    assert tables(app)


@pytest.mark.parametrize("bounds", [((-1.0, 2.0), (0.0, 7.0)), ((-3.0, 3.0), (-3.0, 3.0)), ((-1 / 3, 1e5), (1e-7, 0.1))])
def test_bounds_written_are_the_bounds_read(bounds):
    assert view.parse_bounds(view.written_bounds(bounds)) == bounds


def test_where_no_minimum_is_known_the_table_says_what_is_counted_from(open_page):
    assert "No minimum is known" in " ".join(caption.value for caption in open_page(PAGE, surface="Saddle", steps="20").caption)
    assert "No minimum is known" not in " ".join(caption.value for caption in open_page(PAGE, surface="Bowl", steps="20").caption)


@pytest.mark.parametrize(("formula", "largest"), [("1", 0), ("x + y", 0), ("-x**2 - y**2", 0), ("x**2 - 9*y**2", 2), ("log(x)", 0)])
def test_only_curvature_upwards_limits_a_rate(formula, largest):
    surface = Surface.from_expression(formula)
    start = view.usual_start(surface)
    assert view.lambda_max(surface, start) == pytest.approx(largest)
    setup = view.Setup(surface, start, (tuning.make_run("sgd", {}, 0.1, 0.0, 0.0),), 20)
    *_, found = sweep_chunks(descent_figures.rates_swept(setup))
    figure = descent_figures.rates("light", setup, found)
    words = [note["text"] for note in figure["layout"]["annotations"]]
    assert any(text.startswith("2/λ_max") for text in words) == (largest > 0)
    assert len(figure["layout"].get("shapes", [])) == (largest > 0)


def test_the_rate_map_of_a_constant_is_a_line_within_the_picture():
    surface = Surface.from_expression("1")
    setup = view.Setup(surface, view.usual_start(surface), (tuning.make_run("sgd", {}, 0.1, 0.0, 0.0),), 20)
    *_, found = sweep_chunks(descent_figures.rates_swept(setup))
    figure = descent_figures.rates("light", setup, found)
    low, high = figure["layout"]["yaxis"]["range"]
    assert np.all((np.log10(figure["data"][0]["y"]) >= low) & (np.log10(figure["data"][0]["y"]) < high))


@pytest.mark.parametrize(("formula", "flat"), [("3", True), ("x**2 - x*x + 2", True), ("x + y", False), ("abs(x)", False)])
def test_a_surface_that_is_the_same_everywhere_is_said_to_be(open_page, formula, flat):
    app = open_page(PAGE, surface="Own formula", fxy=formula, steps="20")
    assert not app.exception
    assert any("same everywhere" in text.value for text in app.caption) == flat


def test_no_optimiser_at_all_is_plain_descent(open_page):
    app = open_page(PAGE)
    app.multiselect(key="opt").set_value([]).run()
    assert not app.exception
    assert "<td>SGD</td>" in tables(app)[0]


@pytest.mark.parametrize("trial", descent_trials.TRIALS, ids=lambda trial: trial.label)
def test_each_trial_shows_what_it_says(open_page, trial):
    app = open_page(PAGE)
    next(button for button in app.button if button.label == trial.label).click().run()
    assert not app.exception
    assert not app.error
    assert any(trial.notice[:30] in text.value for text in app.markdown)


def test_more_of_everything_combines(open_page):
    app = open_page(PAGE, opt=ALL[:8], gnoise="2", sched="cosine", gclip="5", gdecay="0.01", steps="60")
    assert not app.exception
    assert not app.error


@dataclass(frozen=True, eq=False)
class Shorter(Optimizer):
    """θ ← θ − α·g/(1 + s·|g|)."""

    learning_rate: float = 0.01
    how_much: float = 1.0
    name: ClassVar[str] = "shorter"

    def advance(self, theta, gradient, state):
        theta -= state.rate * gradient / (1 + self.how_much * np.abs(gradient))


def test_an_optimiser_that_is_in_the_registry_alone_is_compared_and_tuned(open_page, monkeypatch):
    monkeypatch.setitem(OPTIMIZERS, "shorter", Shorter)
    monkeypatch.setattr(tuning, "KINDS", [*tuning.KINDS, "shorter"])
    monkeypatch.setattr(tuning, "NAMES", [*tuning.NAMES, "shorter"])
    app = open_page(PAGE, opt=["SGD", "Shorter"], steps="20", inner="Shorter", tune="shorter.how_much=3")
    assert not app.exception
    assert not app.error
    assert app.number_input(key="tuned shorter how_much").label == "how much"
    assert app.number_input(key="tuned shorter how_much").value == 3


def test_a_changed_field_is_in_the_link(open_page):
    app = open_page(PAGE, opt=["SGD"], steps="20")
    app.number_input(key="tuned sgd learning_rate").set_value(0.004).run()
    assert not app.exception
    assert app.session_state["tune"] == "sgd.learning_rate=0.004"
    assert "<td>0.004</td>" in tables(app)[0]


def test_a_field_changed_beside_a_text_that_cannot_be_read_keeps_the_other_settings(open_page):
    app = open_page(PAGE, opt=["SGD", "Adam"], steps="20", inner="SGD", tune="adam.beta1=0.5")
    app.text_input(key="tune").set_value("adam.beta1=0.5; what").run()
    assert app.error
    app.number_input(key="tuned sgd learning_rate").set_value(0.004).run()
    assert not app.error
    assert tuning.parse(app.session_state["tune"]) == {"adam": {"beta1": 0.5}, "sgd": {"learning_rate": 0.004}}


def test_settings_written_are_the_settings_read():
    settings = {"adam": {"learning_rate": 0.1, "bias_correction": False}, "lbfgs-2": {"history": 3}}
    assert tuning.parse(tuning.write(settings)) == settings


@pytest.mark.parametrize("name", SURFACES)
def test_usual_starts_lie_on_their_surface_and_usual_rates_do_not_diverge(name):
    surface = SURFACES[name]
    start = view.usual_start(surface)
    assert all(low < place < high for place, (low, high) in zip(start, surface.bounds, strict=True))
    if surface.minima:
        runs = tuple(
            tuning.make_run(run, {}, view.usual_rate(run, surface, start), 0.0, 0.0) for run in ("sgd", "momentum", "rmsprop", "adam")
        )
        setup = view.Setup(surface, start, runs, 200)
        assert all(view.lost_at(setup, run) < 0 for run in view.descents(setup))
