"""What the sidebar draws and what is understood from its values without drawing it is one experiment."""

import pytest
from streamlit.testing.v1 import AppTest

from nnviz.ui import controls


@pytest.fixture(params=[False, True], ids=["all drawn", "closed folds at rest"], autouse=True)
def folds(request, monkeypatch):
    monkeypatch.setattr(controls, "RESTING", request.param)


def script():
    import streamlit as st

    from nnviz.ui import sidebar

    drawn = sidebar.experiment()
    try:
        st.text(str(sidebar._understood() == drawn))
    except ValueError as error:
        st.text(f"no: {error}")


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"data": "Two moons", "noise": "0.2", "features": ["x1", "x2^2"], "samples": "40"},
        {"data": "A function you type (regression)", "expression": "x**3", "test": "0", "loss": "huber"},
        {"sizes": "16, 8", "activations": "relu, tanh", "output": "softmax", "optimizer": "lion", "rate": "0.1"},
        {"activation": "own formula", "formula": "z * sigmoid(2*z)", "layers": "3", "units": "4", "l2": "0.01", "seed": "7"},
    ],
)
def test_the_experiment_understood_is_the_one_drawn(address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert app.text[0].value == "True"
    assert {key for key in address if key in app.session_state} == set(address)


@pytest.mark.parametrize(
    "address", [{"sizes": "0"}, {"activations": "relu"}, {"activation": "own formula", "formula": "z +"}, {"loss": "binary_cross_entropy"}]
)
def test_what_the_sidebar_has_to_say_something_about_is_not_understood(address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert app.error
    assert app.text[0].value.startswith("no: ")
