"""The page Network over all data sets, odd addresses, edits and what is chosen."""

import io

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.tables import read_table
from tests.pages.conftest import figures


def headings(app):
    return [element.value.removeprefix("#### ") for element in app.markdown if element.value.startswith("#### ")]


def figure(app, name):
    """The figure whose traces have one of that name."""
    specs = figures(app)
    return next(spec for spec in specs if any(trace.get("name") == name for trace in spec["data"]))


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def test_it_opens_with_graph_neuron_data_and_batch(open_page):
    app = open_page("network")
    assert not app.exception
    assert not app.error
    assert "Neuron 1 of hidden layer 1" in headings(app)
    for name in ("neurons", "positive", "chosen", "tangent", "chosen sample"):
        assert figure(app, name)


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_flows(open_page, name):
    app = open_page("network")
    app.selectbox(key="data").set_value(name).run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_flows_in_both_views(open_page, name):
    app = open_page("network", activation=name)
    assert not app.exception
    assert not open_page("network", activation=name, netview="Matrices").exception


@pytest.mark.parametrize(
    "address",
    [
        {"layers": "0"},
        {"sizes": "64, 64"},
        {"sizes": ", ".join(["8"] * 50)},
        {"layer": "input", "unit": "3"},
        {"layer": "output", "unit": "3"},
        {"layer": "nonsense", "unit": "99", "row": "-4", "odd": True},
        {"row": "149", "test": "0"},
        {"row": "1e30", "netview": "nonsense", "odd": True},
        {"showtest": "true", "activation": "own formula", "formula": "z*sigmoid(z)"},
    ],
    ids=str,
)
def test_odd_addresses_break_nothing(open_page, address):
    app = open_page("network", **address)
    assert not app.exception
    assert figure(app, "neurons")


def test_the_numbers_are_those_of_the_engine(open_page):
    app = open_page("network", layer="hidden layer 2", unit="3", row="17")
    data, network = DATASETS["iris"](), Network((4, 8, 8, 3), ("tanh", "tanh", "softmax"))
    forward = network.forward(network.initialize("glorot_uniform", seed=0), data.inputs[:, [17]])
    end = next(trace for trace in figure(app, "positive")["data"] if trace["name"] == "z")
    assert end["x"][0] == pytest.approx(float(forward.z(2)[2, 0]), rel=1e-6)
    texts = next(trace for trace in figure(app, "neurons")["data"] if trace["name"] == "activations")["text"]
    assert texts[4 + 8 + 2] == f"{forward.A[2][2, 0]:+.2f}".replace("-", "−")


def test_a_choice_made_for_a_larger_network_falls_back_to_what_there_is(open_page):
    app = open_page("network", layer="hidden layer 2", unit="8", row="140")
    app.slider(key="units").set_value(2).run()
    assert not app.exception
    assert "Neuron 2 of hidden layer 2" in headings(app)
    app.slider(key="layers").set_value(0).run()
    assert not app.exception
    app.selectbox(key="data").set_value("worked_example").run()
    assert not app.exception
    assert app.number_input(key="row").value == 0


@pytest.fixture
def unfolded(open_page):
    """The page with the fold of weights open, whose fields are made only then."""
    app = open_page("network")
    app.session_state["weightsfold"] = True
    return app.run()


def test_a_weight_is_edited_seen_by_the_experiment_and_taken_back(unfolded):
    app = unfolded
    before = app.number_input(key="theta-0").value
    app.number_input(key="theta-0").set_value(2.5).run()
    assert not app.exception
    assert app.session_state["point"].theta[0] == 2.5
    assert app.number_input(key="theta-0").value == 2.5
    assert any("1 weight changed by hand" in caption.value for caption in app.sidebar.caption)
    app = press(app, "Undo the last change")
    assert app.number_input(key="theta-0").value == before


def test_edited_weights_change_the_picture(unfolded):
    app = unfolded
    former = next(trace for trace in figure(app, "positive")["data"] if trace["name"] == "z")["x"][0]
    app.number_input(key="theta-0").set_value(float(app.number_input(key="theta-0").value) + 1.0).run()
    moved = next(trace for trace in figure(app, "positive")["data"] if trace["name"] == "z")["x"][0]
    sample = DATASETS["iris"]().inputs[0, 0]
    assert moved - former == pytest.approx(sample, abs=1e-6)


def test_of_many_inputs_one_weight_is_chosen(unfolded):
    app = unfolded
    app.selectbox(key="data").set_value("digits").run()
    app.selectbox(key="edit-input").set_value(20).run()
    assert not app.exception
    assert len([field for field in app.number_input if str(field.key).startswith("theta-")]) == 2


def test_matrices_show_the_chosen_cell(open_page):
    app = open_page("network", netview="Matrices", layer="hidden layer 2", unit="5", row="9")
    assert not app.exception
    assert "Neuron 5, sample 9" in headings(app)
    assert figure(app, "lit cell")


@pytest.mark.parametrize("index", range(4))
def test_what_to_try_opens(open_page, index):
    app = open_page("network")
    app.button(key=f"try-{index}").click().run()
    assert not app.exception
    assert not app.error


def test_the_dead_relu_is_dead(open_page):
    app = press(open_page("network"), "A dead ReLU")
    assert "Neuron 3 of hidden layer 2" in headings(app)
    network = Network((4, 8, 8, 3), ("relu", "relu", "softmax"))
    forward = network.forward(network.initialize("glorot_uniform", seed=0), DATASETS["iris"]().inputs)
    assert np.all(forward.A[2][2] == 0)


@pytest.mark.parametrize(("name", "licence"), [("Iris flowers", "CC BY 4.0"), ("Palmer penguins", "CC0"), ("Two moons", "free of rights")])
def test_data_tell_their_source_and_licence(open_page, name, licence):
    told = [caption.value for caption in open_page("network", data=name).sidebar.caption]
    assert any(text.startswith("Source: ") and licence in text for text in told)


def test_another_table_brings_its_own_targets(open_page):
    app = open_page("network", data="Your own file")
    rows = range(40)
    for text, width in (
        ("a,b,kind\n" + "\n".join(f"{i},{i % 7},{'xyz'[i % 3]}" for i in rows), "2-8-8-3"),
        ("c,d,e\n" + "\n".join(f"{i},{i % 5},{i * i % 11 + 0.5}" for i in rows), "2-8-8-1"),
        ("c,name\n" + "\n".join(f"{i},n{i}" for i in range(400)), "2-8-8-1"),
    ):
        app.session_state["upload table"] = read_table(io.StringIO(text))
        app.run()
        assert not app.exception
        assert any(width in caption.value for caption in app.sidebar.caption)
    assert any("Not used: name (" in caption.value for caption in app.sidebar.caption)


def test_a_layer_that_is_gone_is_not_chosen_any_more(open_page):
    app = open_page("network", layers=3, layer="hidden layer 2")
    menu = next(found for found in app.selectbox if found.key == "layer")
    assert menu.value == 2
    depth = next(found for found in app.slider if found.key == "layers")
    menu._value = "hidden layer 2"  # as a browser sends it along with the moved slider
    depth.set_value(1).run()
    assert not app.exception
