"""The page Start: the worked example to six digits, its fields, its step."""

import numpy as np
import pytest

GOLDEN = {
    "hidden 1": ("−0.040000", "0.490001", "0.249900", "−0.008942", "−0.004471", "−0.007153"),
    "hidden 2": ("0.180000", "0.544879", "0.247986", "0.005915", "0.002958", "0.004732"),
    "output": ("0.088025", "0.521992", "0.249516", "−0.119271", "−0.058443", "−0.064988"),
}


def table(app):
    return next(element.proto.body for element in app.get("html") if "nnviz-table" in element.proto.body)


def cost(app):
    return next(element.value for element in app.markdown if "C = **" in element.value or "took C" in element.value)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def after_a_step(rate):
    """The loss after one step, by the formulas of the worked example alone."""
    x, W1, b1 = np.array([0.5, 0.8]), np.array([[0.2, -0.3], [0.4, 0.1]]), np.array([0.1, -0.1])
    W2, b2 = np.array([0.3, -0.2]), 0.05
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    d2 = (a2 - 1) * a2 * (1 - a2)
    d1 = W2 * d2 * a1 * (1 - a1)
    W1, b1, W2, b2 = W1 - rate * np.outer(d1, x), b1 - rate * d1, W2 - rate * d2 * a1, b2 - rate * d2
    return 0.5 * (sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) - 1) ** 2


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_every_intermediate_is_the_golden_one(open_page):
    app = open_page("start")
    assert not app.exception
    assert not app.error
    for name, numbers in GOLDEN.items():
        row = next(part for part in table(app).split("<tr>") if f"<td>{name}</td>" in part)
        assert all(f"<td>{number}</td>" in row for number in numbers)
    assert "0.114246" in cost(app)


def test_the_player_rests_at_the_hidden_layer_and_the_formula_is_its(open_page):
    headings = [element.value for element in open_page("start").markdown]
    assert "#### Hidden neuron 1" in headings
    assert "#### Hidden neuron 2" in headings


def test_one_step_lowers_the_loss_by_what_the_gradient_says(open_page):
    app = press(open_page("start"), "Take one gradient step")
    assert not app.exception
    assert app.number_input(key="ew211").value == pytest.approx(0.3 + 0.5 * 0.0584430, abs=1e-6)
    assert app.number_input(key="eb21").value == pytest.approx(0.05 + 0.5 * 0.119271, abs=1e-6)
    assert f"Step 1 took C from 0.114246 to **{after_a_step(0.5):.6f}**, down by" in cost(app)
    assert f"Step 2 took C from {after_a_step(0.5):.6f}" in cost(press(app, "Take one gradient step"))


def test_start_over_brings_the_example_back(open_page):
    app = press(press(open_page("start"), "Take one gradient step"), "Start over")
    assert app.number_input(key="ew211").value == 0.3
    assert "0.114246" in cost(app)
    assert "before the first step" in cost(app)


def test_what_is_typed_is_what_is_computed_and_what_was_told_is_no_longer_claimed(open_page):
    app = press(open_page("start"), "Take one gradient step")
    app.number_input(key="ex1").set_value(-2.0).run()
    assert not app.exception
    assert "numbers were changed since" in cost(app)


def test_the_address_brings_the_numbers(open_page):
    app = open_page("start", ex1="0.9", ew111="1.5", ey="0")
    assert (app.number_input(key="ex1").value, app.number_input(key="ew111").value, app.number_input(key="ey").value) == (0.9, 1.5, 0.0)
    assert "1.210000" in table(app)  # z of the first hidden neuron: 1.5·0.9 − 0.3·0.8 + 0.1


@pytest.mark.parametrize(("key", "bad"), [("ex1", "nan"), ("ew111", "1e9"), ("ey", "<b>"), ("erate", "-3")])
def test_an_address_that_cannot_be_read_is_told_and_the_default_shown(open_page, key, bad):
    app = open_page("start", odd=True, **{key: bad})
    assert not app.exception
    assert any(f"asks for {key}" in element.proto.body for element in app.get("html"))
    assert "0.114246" in cost(app)


def test_what_to_try_does_what_it_says(open_page):
    app = press(open_page("start"), "A bold step")
    assert f"Step 1 took C from 0.114246 to **{after_a_step(20.0):.6f}**" in cost(app)
    app = press(press(open_page("start"), "Twins"), "Take one gradient step")
    values = {key: app.number_input(key=key).value for key in ("ew111", "ew121", "ew112", "ew122", "ew211", "ew212")}
    assert values["ew111"] == pytest.approx(values["ew121"], abs=1e-15)
    assert values["ew112"] == pytest.approx(values["ew122"], abs=1e-15)
    assert values["ew211"] == pytest.approx(values["ew212"], abs=1e-15)
    for label in ("Saturated neurons", "Another target"):
        assert not press(open_page("start"), label).exception


def test_extreme_numbers_break_nothing(open_page):
    app = open_page("start", **dict.fromkeys(("ex1", "ex2", "ew111", "ew112", "ew211"), "100"), ey="-100")
    assert not app.exception
    assert not press(app, "Take one gradient step").exception


def test_it_says_where_to_go_next(open_page):
    assert any("Network" in element.proto.label for element in open_page("start").get("page_link"))
