"""A model of one's own becomes the experiment's network; what does not fit, or is no model, is answered with a sentence."""

import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from nnviz.core.network import Network
from nnviz.core.weights import load_weights
from nnviz.ui import models
from nnviz.ui.show import as_typed


def script():
    import streamlit as st

    from nnviz.ui import experiment, page, sidebar

    experiment.put(sidebar.experiment())
    chosen = experiment.current()
    page.head("What the sidebar makes.")
    st.session_state["seen"] = chosen
    st.text(f"{chosen.data.name} {chosen.sizes} {' '.join(chosen.network.activations)} {chosen.point.kind}")


class Dropped(io.BytesIO):
    """A file as the uploader hands it on."""

    def __init__(self, content, name="mine.npz"):
        super().__init__(content)
        self.name, self.file_id = name, name


def dropped(content, name="mine.npz", **address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.session_state[models.FILE] = Dropped(content, name)
    app.run()
    assert not app.exception
    return app


def file_of(network, kind="npz", seed=7):
    return models.saved(network, network.initialize("he_normal", seed=seed), kind)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
@pytest.mark.parametrize(
    "network",
    [
        Network((4, 8, 8, 3), ("relu", "relu", "softmax")),
        Network((4, 9, 5, 3), ("relu", "tanh", "identity")),
        Network((4, 3), ("softmax",)),
        Network((4, 6, 3), ("=z*sigmoid(z)", "softmax")),
        Network((4, *(6,) * 10, 3), ("tanh",) * 10 + ("sigmoid",)),
    ],
    ids=lambda network: network.brief(),
)
def test_a_model_becomes_the_network_of_the_experiment(network, kind):
    app = dropped(file_of(network, kind), f"mine.{kind}")
    chosen = app.session_state["seen"]
    assert chosen.network == network
    assert chosen.point.kind == "loaded"
    assert np.array_equal(chosen.theta, network.initialize("he_normal", seed=7))
    assert any(as_typed(f"the weights loaded from mine.{kind}") in caption.value for caption in app.caption)
    assert not app.error


def test_a_loaded_model_stays_when_the_page_runs_again_and_goes_with_the_initial_weights():
    app = dropped(file_of(Network((4, 9, 5, 3), ("relu", "tanh", "identity")))).run()
    assert app.text[0].value == "iris 4-9-5-3 relu tanh identity loaded"
    next(button for button in app.button if button.label == "Initial weights").click().run()
    assert app.text[0].value == "iris 4-9-5-3 relu tanh identity initial"


def test_a_model_that_does_not_fit_waits_and_says_for_which_data():
    network = Network((2, 5, 1), ("tanh", "sigmoid"))
    app = dropped(file_of(network))
    assert app.text[0].value.startswith("iris 4-8-8-3")
    assert "takes 2 inputs and gives 1 output, and Iris flowers has 4 features and 3 targets" in app.error[0].value
    assert "Two moons" in app.error[0].value
    next(menu for menu in app.selectbox if menu.label == "Data").set_value("moons").run()
    assert app.text[0].value == "moons 2-5-1 tanh sigmoid loaded"
    assert not app.error


def test_a_model_that_waits_can_be_forgotten():
    app = dropped(file_of(Network((2, 5, 1), ("tanh", "sigmoid"))))
    next(button for button in app.button if button.label == "Forget this model").click().run()
    assert not app.error


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        (64, 10, "digits"),
        (4, 3, "Palmer penguins"),
        (7, 1, "with 7 features"),
        (30, 2, "30 columns of numbers and 2 targets"),
        (1, 1, "type"),
    ],
)
def test_data_that_fit_are_named(inputs, outputs, told):
    assert told in "; ".join(models.fitting_data(inputs, outputs))


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "empty.npz", "the file is empty"),
        (b"\x80\x04\x95K\x00.", "model.pt", "pickle"),
        (file_of(Network((4, 8, 3), ("tanh", "softmax")))[:300], "cut.npz", "broken"),
        (b"\xff" * 200, "noise.onnx", "neither"),
        (file_of(Network((4, 600, 3), ("tanh", "softmax"))), "wide.npz", "take a smaller one"),
        (file_of(Network((4, 3, 3), ("tanh", "=z*z"))), "odd.npz", "formula"),
    ],
)
def test_a_file_that_is_no_model_is_answered_with_a_sentence(content, name, told):
    app = dropped(content, name)
    assert as_typed(name) in app.error[0].value
    assert told in app.error[0].value
    assert app.text[0].value == "iris 4-8-8-3 tanh tanh softmax initial"


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_saved_weights_come_back_exactly(kind):
    network = Network((3, 4, 2), ("gelu", "softmax"))
    theta = network.initialize("normal", seed=3)
    again, values = load_weights(io.BytesIO(models.saved(network, theta, kind)))
    assert again == network
    assert np.array_equal(values, theta)


@pytest.mark.parametrize("activations", ["relu", "relu, tanh, tanh", "swirl tanh"])
def test_activations_that_cannot_be_are_answered_with_a_sentence(activations):
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["activations"] = activations
    app.run()
    assert app.text[0].value == "iris 4-8-8-3 tanh tanh softmax initial"
    assert len(app.error) == 1
