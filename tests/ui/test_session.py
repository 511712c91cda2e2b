"""A session file is read with suspicion, brings every kind of control back, and is written as it is read."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from nnviz.core.network import Network
from nnviz.ui import session
from nnviz.ui.session import Session, State, Weights

NETWORK = Network((4, 3, 3), ("tanh", "softmax"))
THETA = np.linspace(-1, 1, NETWORK.parameter_count)


def weights(theta=THETA, **changes):
    text = base64.b64encode(np.asarray(theta, dtype="<f8").tobytes()).decode()
    return {"sizes": [4, 3, 3], "activations": ["tanh", "softmax"], "kind": "trained", "description": "step 9", "theta": text} | changes


def file_of(**state):
    return json.dumps({"format": session.FORMAT, "version": session.VERSION, "states": [state]})


def script():
    import streamlit as st

    from nnviz.ui import carry, controls, experiment, page, sidebar

    chosen = sidebar.experiment()
    experiment.put(chosen)
    page.head("What the sidebar makes.")
    controls.segments("View", ["One", "Two"], key="view")
    controls.several("Several", ["a", "b", "c"], key="several", default=("a",))
    st.session_state["seen"], st.session_state["state"] = chosen, carry.state("Title", "Sentence.")
    st.session_state["told"] = carry.held_by_the_address()
    st.button("Open", on_click=lambda: carry.open_file(st.session_state["file"], "mine.nnviz.json"))
    carry.finish(chosen)


def opened(text="", **address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.session_state["file"] = text
    app.run()
    if text:
        next(button for button in app.button if button.label == "Open").click().run()
    assert not app.exception
    return app


def notices(app):
    return [element.proto.body for element in app.get("html") if "nnviz-notice" in element.proto.body]


def test_what_is_written_is_read_again():
    whole = Session(
        (State("network", "A", "B.", {"units": 5, "noise": 0.2, "features": ["x1"]}, {"edits": "3:1"}), State("losses")), "Lesson"
    )
    assert session.read(session.write(whole)) == (whole, [])
    point = State(weights=Weights((4, 3, 3), ("tanh", "softmax"), "trained", "step 9", weights()["theta"]))
    again, unknown = session.read(session.write(Session((point,))).encode())
    network, theta = again.states[0].weights.point()
    assert (network, unknown) == (NETWORK, [])
    assert np.array_equal(theta, THETA)


def test_every_kind_of_control_comes_back():
    controls = {
        "data": "moons",
        "noise": 0.25,
        "samples": 80,
        "showtest": True,
        "rate": 0.1,
        "sizes": "6 4",
        "view": "Two",
        "several": ["b", "c"],
    }
    app = opened(file_of(page="start", controls=controls), units="3", layers="1")
    chosen = app.session_state["seen"]
    assert chosen.sizes == "2-6-4-1"
    assert (chosen.data.samples, chosen.learning_rate, chosen.show_test) == (80, 0.1, True)
    assert not notices(app)
    assert dict(app.session_state["state"].controls) == controls


def test_what_a_state_does_not_name_goes_back_to_its_default():
    app = opened(file_of(page="start", controls={"units": 5}), noise="0.3", view="Two", edits="3:0.25")
    assert app.session_state["seen"].sizes == "4-5-5-3"
    assert app.session_state["seen"].point.kind == "initial"
    assert dict(app.session_state["state"].controls) == {"units": 5}


def test_edited_and_trained_weights_come_back():
    app = opened(file_of(page="start", address={"edits": "3:0.25"}))
    assert app.session_state["seen"].theta[3] == 0.25
    app = opened(file_of(page="start", controls={"layers": 1, "units": 3}, weights=weights()))
    assert app.session_state["seen"].point.kind == "trained"
    assert np.array_equal(app.session_state["seen"].theta, THETA)
    assert app.session_state["state"].weights.point()[0] == NETWORK
    assert "does not hold these weights (trained)" in app.session_state["told"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (file_of(page="start", controls={"mood": 3, "units": 4}), "“mood”"),
        (file_of(page="start", controls={"units": 999}), "asks for units = “999”"),
        (file_of(page="start", controls={"units": True}), "asks for units = “True”"),
        (file_of(page="start", controls={"data": ["iris"]}), "asks for data"),
        (file_of(page="start", controls={"several": ["z"]}), "asks for several"),
        (file_of(page="start", controls={"units": {"deep": 1}}), "“units”"),
        (file_of(page="holography"), "“holography”, which is not here"),
        (file_of(page="start", weights=weights()), "4-3-3, which is not the one here"),
        (file_of(page="start", future=1), "“future”"),
        (file_of(page="start").replace('"version": 1', '"version": 7'), "of version 7 and this nnviz reads version 1"),
        (file_of(page="start", address={"edits": "no:no"}), "edited weights"),
    ],
)
def test_what_this_version_does_not_know_is_left_out_with_a_notice(text, told):
    app = opened(text)
    assert any(told in notice for notice in notices(app)), notices(app)
    assert app.session_state["seen"].data.name == "iris"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00",
        "[" * 100_000,
        '{"format": "other"}',
        '{"format": "nnviz session"}',
        '{"format": "nnviz session", "states": []}',
        '{"format": "nnviz session", "states": [3]}',
        json.dumps({"format": session.FORMAT, "states": [{}] * 201}),
        file_of(weights=3),
        file_of(weights=weights(THETA[:-1])),
        file_of(weights=weights(THETA * np.nan)),
        file_of(weights=weights() | {"theta": "%%%"}),
        file_of(weights=weights(sizes=[4, -1, 3])),
        file_of(weights=weights(sizes=[10**9, 10**9])),
        file_of(weights=weights(activations=["swirl", "tanh"])),
        file_of(weights=weights(sizes=[10**400, 3])),
        file_of(title="half \ud800 a letter"),
        file_of(controls={"\ud800": 1}),
        b"\xff\xfe",
        b" " * (session.MOST_BYTES + 1),
    ],
    ids=range(23),
)
def test_a_broken_file_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match=r"^.{11,599}$"):
        session.read(text)


def test_a_number_that_no_control_could_have_is_left_out():
    found, unknown = session.read(file_of(controls={"rate": 10**400, "layers": 3}))
    assert found.states[0].controls == {"layers": 3}
    assert "rate" in unknown[0]


def test_a_file_that_cannot_be_read_leaves_everything_as_it_is():
    app = opened("{", units="5", edits="3:0.25")
    assert app.session_state["seen"].sizes == "4-5-5-3"
    assert app.session_state["seen"].point.kind == "edited"
    assert len(notices(app)) == 1


def test_a_link_with_unknown_parameters_opens_with_what_is_known_and_says_so():
    app = opened(units="5", swirl="3")
    assert app.session_state["seen"].sizes == "4-5-5-3"
    assert "“swirl”" in notices(app)[0]
    assert not notices(opened(units="5", view="Two", edits="3:0.25"))


def test_a_lesson_shows_its_steps_and_can_be_left():
    states = [{"page": "start", "title": f"Step {units}", "sentence": "Look.", "controls": {"units": units}} for units in (3, 4)]
    app = opened(json.dumps({"format": session.FORMAT, "version": 1, "states": states}))
    assert app.session_state["seen"].sizes == "4-3-3-3"
    assert any("Step 3. Look." in text.value for text in app.text)
    next(button for button in app.button if button.label == "Next").click().run()
    assert app.session_state["seen"].sizes == "4-4-4-3"
    next(button for button in app.button if button.label == "Leave the lesson").click().run()
    assert not any("Look." in text.value for text in app.text)
    assert app.session_state["seen"].sizes == "4-4-4-3"
