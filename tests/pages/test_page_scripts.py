"""The script of a page, run as it is handed out, prints numbers that stand on that page."""

import numpy as np
import pytest

from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Decayed
from nnviz.core.surfaces import SURFACES, Surface, ravine
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import fixed, significant
from nnviz.ui import navigation, redraw, take


def everything(block):
    """All elements of a page, in the order in which they are drawn."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from everything(child)
        else:
            yield child


def printed(script):
    """What a script prints, by name."""
    said = []
    exec(compile(script, "script", "exec"), {"print": said.append})
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in said)}


@pytest.fixture
def opened(open_page, monkeypatch):
    """A page, and what its script prints; it is collected as the page hands it to its menu."""

    def open_and_run(name, **address):
        scripts = []
        monkeypatch.setattr(take, "script", lambda write: scripts.append(write()))
        app = open_page(name, **address)
        assert not app.exception
        text = " ".join(element.proto.SerializeToString().decode("utf-8", "ignore") for element in everything(app.main))
        return printed(scripts[-1]), text.replace("−", "-")

    return open_and_run


@pytest.mark.parametrize(
    ("name", "address", "shown"),
    [
        ("start", {"ex1": "0.7"}, ("prediction", "cost")),
        ("network", {"row": "3", "layer": "hidden layer 1", "unit": "2"}, ("z", "a")),
        ("backpropagation", {"backrow": "5", "edits": "3:0.25"}, ("derivative of the cost",)),
        ("activations", {"actz": "-1.5"}, ("gelu", "gelu, slope", "sigmoid")),
        ("losses", {"yhat": "0.3"}, ("binary_cross_entropy", "huber, slope")),
        ("optimizers", {"surface": "Ravine", "kappa": "10", "gclip": "2", "gdecay": "0.01", "steps": "50"}, ("SGD, value", "Adam, value")),
        ("loss_landscape", {"landres": "51", "landopt": "SGD"}, ("at the origin of the plane",)),
        ("curvature", {}, ("largest eigenvalue", "lowest eigenvalue", "trace", "gradient norm")),
        ("eigenvalues", {"eigview": "Growth on the way"}, ("spectral radius", "spectral norm")),
        ("ripples", {"ripsample": "7"}, ("strongest stretch",)),
        ("ripples", {"ripview": "Through depth", "ripwidth": "16", "ripdepth": "8"}, ("growth a layer",)),
        ("convolution", {"convkernel": "emboss"}, ("places",)),
        ("cost_of_computation", {"costsamples": "50"}, ()),
    ],
)
def test_the_script_prints_numbers_of_the_page(opened, name, address, shown):
    numbers, text = opened(name, **address)
    assert all(np.isfinite(value) for value in numbers.values())
    for number in shown:
        value = numbers[number]
        forms = {
            form.replace("−", "-") for form in (significant(value), significant(value, 3), fixed(value), f"{value:.4g}", f"{value:,.0f}")
        }
        assert any(form in text for form in forms), (number, forms)


def test_the_counts_of_a_network_are_those_of_the_page(opened):
    numbers, text = opened("cost_of_computation", costsamples="50")
    assert f"{numbers['parameters']:,.0f}" in text
    assert f"{numbers['flops']:,.0f}" in text


def test_the_recurrent_network_is_the_one_on_the_page(opened):
    numbers, text = opened("recurrent", recf="relu", recrho="0.9", recsteps="12", recview="States")
    assert numbers["spectral radius"] == pytest.approx(0.9)
    assert f"C = {significant(numbers['cost'])}" in text


def test_the_map_is_the_one_on_the_page(opened):
    numbers, text = opened("maps", mapsize="16", mapsteps="20", data="Two moons", samples="40", layers="1", units="3")
    assert f"{numbers['share that converges']:.1%}" in text


def test_the_map_of_a_surface_is_the_one_on_the_page(opened):
    numbers, text = opened("maps", mapof="Beale", mapsize="16", mapsteps="10", optimizer="heavy_ball")
    assert f"{numbers['share that converges']:.1%} of the runs converge" in text
    assert 0 < numbers["share that converges"] < 1


def test_what_is_clipped_on_another_page_is_not_what_training_clips(open_page, monkeypatch):
    recipes, plain = [], OPTIMIZERS["adam"](learning_rate=0.01)
    monkeypatch.setattr(take, "_script", lambda recipe, *_: recipes.append(recipe))
    app = open_page("losses", lossview="Far out")
    app.session_state[redraw.TAKE] = True
    app.run()
    assert recipes.pop().optimizer == plain
    app.switch_page(str(navigation.path("optimizers"))).run()
    next(field for field in app.number_input if field.label.startswith("Clip")).set_value(5.0).run()
    app.session_state[redraw.TAKE] = True
    app.run()
    assert recipes.pop().optimizer == plain
    app.switch_page(str(navigation.path("training"))).run()
    assert app.number_input(key="clip").value == 0


@pytest.mark.parametrize("surface", [SURFACES["beale"], ravine(7.0), Surface.from_expression("x**2 + y**4", ((-2, 2), (-1, 1)))])
def test_a_surface_comes_back_with_what_is_wrapped_around_the_optimisers(surface):
    runs = {"a": ClippedByNorm(Decayed(OPTIMIZERS["adam"](learning_rate=0.1), 0.02), 1.0), "b": OPTIMIZERS["sgd"](learning_rate=0.001)}
    numbers = printed(page_scripts.descent(surface, (0.5, -0.5), runs, 20, "cosine", 0.1, 3))
    assert numbers["b, value"] == pytest.approx(float(surface.value([numbers["b, x"], numbers["b, y"]])))


def test_what_is_too_large_for_a_script_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="take a smaller network"):
        page_scripts.array(np.zeros(5_000_000))


def test_large_arrays_and_those_with_gaps_come_back_bit_for_bit():
    for values in (np.linspace(-1, 1, 41) ** 3, np.array([[1.0, np.nan], [np.inf, 2.0]])):
        scope = {}
        exec(page_scripts.program("x", [], [f"x = {page_scripts.array(values)}"]), scope)
        np.testing.assert_array_equal(scope["x"], values)
