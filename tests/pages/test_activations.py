"""The page Activations in each view, with odd addresses and bad input."""

import time

import pytest

from nnviz.ui.show import as_typed
from nnviz.ui.softmax_view import typed_logits

VIEWS = ("Side by side", "On one axis", "Softmax", "Through depth")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("activations", actview=view)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    "bad", ["__import__('os')", "z**z**z**9", "1/0", "z" * 10_000, "9**9**9**9", "q(z)", "z; z", "((((((z", "exp(", "z.__class__"]
)
def test_a_bad_formula_gets_a_sentence_a_caret_and_no_place_in_the_network(open_page, bad):
    app = open_page("activations")
    began = time.perf_counter()
    app.text_input(key="fz").set_value(bad).run()
    assert time.perf_counter() - began < 10
    assert not app.exception
    assert len(app.error) == 1
    assert 11 <= len(app.error[0].value) <= 1200
    assert app.code[0].value.split("\n")[1].strip() == "^"
    assert app.button(key="usefz").disabled


def test_a_formula_joins_the_curves_and_then_the_network(open_page):
    app = open_page("activations")
    app.text_input(key="fz").set_value("z*sigmoid(2*z)").run()
    assert not app.error
    assert any(as_typed("z*sigmoid(2*z)") in heading.value for heading in app.markdown)
    app.button(key="usefz").click().run()
    assert not app.exception
    assert app.selectbox(key="activation").value == "own formula"
    assert app.text_input(key="formula").value == "z*sigmoid(2*z)"
    assert app.session_state["former formula"] == "=z*sigmoid(2*z)"


def test_the_former_formula_stays_while_a_new_one_is_wrong(open_page):
    app = open_page("activations", fz="z^3")
    app.text_input(key="fz").set_value("z^").run()
    assert app.error
    assert any("z^3" in heading.value for heading in app.markdown)


@pytest.mark.parametrize(
    "address",
    [
        {"activation": "relu", "layers": "0"},
        {"data": "Worked example", "actz": "-4"},
        {"actview": "Through depth", "deeplayers": "50", "deepgain": "10"},
        {"actview": "Through depth", "init": "zeros"},
    ],
)
def test_extreme_addresses_open(open_page, address):
    assert not open_page("activations", **address).exception


@pytest.mark.parametrize("address", [{"actz": "1e308"}, {"acts": "nonsense"}, {"actview": "Softmax", "logit1": "1e308"}])
def test_an_odd_address_is_told(open_page, address):
    assert not open_page("activations", odd=True, **address).exception


@pytest.mark.parametrize(("activation", "title"), [("relu", "ReLU"), ("softmax", "Tanh")])
def test_without_any_chosen_function_the_networks_own_is_shown_where_it_has_a_curve(open_page, activation, title):
    app = open_page("activations", activation=activation)
    app.multiselect(key="acts").set_value([]).run()
    assert not app.exception
    assert any(title in heading.value for heading in app.markdown)


@pytest.mark.parametrize("text", ["1e308, 0", "a, b", "1", "1,2,3,4,5,6,7,8,9", "nan, 1", "inf, 0", "1, " * 3000])
def test_bad_logits_get_a_sentence(open_page, text):
    app = open_page("activations", actview="Softmax")
    app.text_input(key="logits").set_value(text).run()
    assert not app.exception
    assert len(app.error) == 1


def test_typed_logits_are_read():
    assert typed_logits("1000, 999 −1e3").tolist() == [1000, 999, -1000]


def test_every_try_this_runs(open_page):
    app = open_page("activations")
    for index in range(5):
        app.button(key=f"try-{index}").click().run()
        assert not app.exception
        assert not app.error
