"""The experiment follows the sidebar and the address, keeps hand-edited weights, and survives whatever an address brings."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from nnviz.core.activations import get_activation
from nnviz.core.network import Network
from nnviz.ui.experiment import initial_point
from nnviz.ui.show import as_typed


def script():
    import streamlit as st

    from nnviz.ui import experiment, page, sidebar

    experiment.put(sidebar.experiment())
    chosen = experiment.current()
    page.head("What the sidebar makes.")
    st.session_state["seen"] = chosen
    st.button("Edit", on_click=experiment.edit, args=(chosen, 3, 0.25))
    st.button("Edit finely", on_click=experiment.edit, args=(chosen, 5, 1 / 3))
    st.button("Undo", on_click=experiment.undo_edit)
    st.text(f"{chosen.data.name} {chosen.sizes} {chosen.network.activations[0]} {chosen.loss.name} {chosen.point.kind}")


def opened(**address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def line(app):
    assert not app.exception
    return app.text[0].value


def button(app, label):
    return next(found for found in app.button if found.label == label)


def test_the_default_is_real_data_in_a_small_network():
    assert line(opened()) == "iris 4-8-8-3 tanh cross_entropy initial"


def test_an_address_holds_the_experiment():
    app = opened(data="Two moons", layers="1", units="5", activation="relu", noise="0.2", output="sigmoid", loss="half_squared_error")
    assert line(app) == "moons 2-5-1 relu half_squared_error initial"


def test_layers_of_their_own_sizes():
    assert line(opened(sizes="16, 8 4")) == "iris 4-16-8-4-3 tanh cross_entropy initial"
    assert line(opened(sizes="16-8-4")) == "iris 4-16-8-4-3 tanh cross_entropy initial"


@pytest.mark.parametrize("sizes", ["0", "9999", "a", "-3", "8, -3", "8,,-3.5", "8 " * 60, "²"])
def test_layers_that_cannot_be_are_answered_with_a_sentence(sizes):
    app = opened(sizes=sizes)
    assert line(app).startswith("iris 4-8-8-3") or "sizes" not in app.query_params
    assert len(app.error) + len([h for h in app.get("html") if "nnviz-notice" in h.proto.body]) >= 1


def test_layers_that_cannot_be_leave_the_former_ones():
    app = opened(sizes="16, 8, 4", activations="relu, tanh, relu")
    for key, wrong in (("sizes", "1e9"), ("sizes", "5, 6"), ("activations", "relu, nothing")):
        app.text_input(key=key).set_value(wrong).run()
        assert line(app).startswith("iris 4-16-8-4-3 relu")
        assert len(app.error) == 1
    app.text_input(key="sizes").set_value("").run()
    app.text_input(key="activations").set_value("").run()
    assert line(app).startswith("iris 4-8-8-3 tanh")


def test_a_loss_that_does_not_fit_is_named_and_replaced():
    app = opened(loss="binary_cross_entropy")
    assert line(app) == "iris 4-8-8-3 tanh cross_entropy initial"
    assert as_typed("binary_cross_entropy does not fit") in app.error[0].value


def test_a_formula_of_ones_own_is_an_activation():
    app = opened(activation="own formula", formula="z * sigmoid(z)")
    chosen = app.session_state["seen"]
    z = np.linspace(-2, 2, 5)
    assert get_activation(chosen.network.activations[0])(z) == pytest.approx(z / (1 + np.exp(-z)))


def test_a_wrong_formula_leaves_the_former_one():
    app = opened(activation="own formula", formula="z * sigmoid(z)")
    next(field for field in app.text_input if field.label == "f(z) =").set_value("__import__('os')").run()
    assert not app.exception
    assert app.error
    assert "sigmoid" in app.session_state["seen"].network.activations[0]


def test_a_weight_edited_by_hand_is_the_current_point_and_stands_in_the_address():
    app = opened()
    before = app.session_state["seen"].theta
    button(app, "Edit").click().run()
    chosen = app.session_state["seen"]
    assert chosen.point.kind == "edited"
    assert chosen.theta[3] == 0.25
    assert np.delete(chosen.theta, 3) == pytest.approx(np.delete(before, 3))
    assert app.query_params["edits"] == ["3:0.25"] or app.query_params["edits"] == "3:0.25"
    button(app, "Undo").click().run()
    assert app.session_state["seen"].point.kind == "initial"
    assert np.array_equal(app.session_state["seen"].theta, before)


def test_an_edit_keeps_all_its_digits_also_in_a_link():
    app = opened()
    button(app, "Edit finely").click().run()
    assert app.run().session_state["seen"].theta[5] == 1 / 3
    assert opened(edits=app.query_params["edits"]).session_state["seen"].theta[5] == 1 / 3


def test_edited_weights_come_back_from_the_address():
    app = opened(edits="3:0.25,0:-1")
    assert app.session_state["seen"].theta[[0, 3]].tolist() == [-1, 0.25]


@pytest.mark.parametrize("edits", ["x", "3", "-1:2", "99999:1", "3:nan", "3:1e999", "3:1:2", ":" * 500])
def test_edits_that_do_not_fit_are_left_out_with_a_notice(edits):
    app = opened(edits=edits)
    assert line(app) == "iris 4-8-8-3 tanh cross_entropy initial"
    assert any("edited weights" in element.proto.body for element in app.get("html"))


def test_another_network_stands_at_its_initial_weights():
    app = opened(edits="3:0.25")
    next(slider for slider in app.slider if slider.label == "Units per layer").set_value(4).run()
    assert line(app) == "iris 4-4-4-3 tanh cross_entropy initial"


def test_equal_choices_are_equal_experiments():
    one, two = opened().session_state["seen"], opened().session_state["seen"]
    assert one == two
    assert hash(one) == hash(two)
    assert opened(seed="1").session_state["seen"] != one


def test_reset_brings_everything_back():
    app = opened(data="Two moons", units="5", edits="3:0.25")
    button(app, "Reset all").click().run()
    assert line(app) == "iris 4-8-8-3 tanh cross_entropy initial"


def test_an_edit_of_a_network_that_has_just_replaced_an_edited_one_begins_anew():
    app = opened()
    app.session_state["edited from"] = initial_point(Network((2, 1), ("sigmoid",)), "zeros", 0)
    app.session_state["edits"] = {1: 0.5}
    button(app, "Edit").click().run()
    assert line(app).endswith("edited")
    chosen = app.session_state["seen"]
    assert app.session_state["edits"] == {3: 0.25}
    assert chosen.theta[3] == 0.25
    assert np.array_equal(np.delete(chosen.theta, 3), np.delete(chosen.initial_theta, 3))
