"""An array edited by hand: what a token, a click and an address make of it."""

from streamlit.testing.v1 import AppTest


def shown(app):
    return [markdown.value for markdown in app.markdown]


def script():
    import numpy as np
    import streamlit as st

    from nnviz.ui import editing

    default = np.full((2, 2), float(st.session_state.get("token", 0)))
    editing.array("arr", st.session_state.get("token", 0), default)
    if clicked := st.session_state.pop("clicked", None):
        st.session_state[editing.name("arr", "picture")] = {"selection": {"points": [{"customdata": clicked}], "box": []}}
        editing.toggle_clicked("arr")
    if "put" in st.session_state:
        editing.put("arr", np.array(st.session_state.pop("put")))
    st.markdown(str(editing.array("arr", st.session_state.get("token", 0), default).tolist()))
    st.markdown(str(editing.table("arr", default, "Numbers").tolist()))


def test_starts_from_the_default_and_anew_with_another_token():
    app = AppTest.from_function(script).run()
    assert shown(app) == ["[[0.0, 0.0], [0.0, 0.0]]"] * 2
    app.session_state["put"] = [[1.0, 2.0], [3.0, 4.0]]
    app.run()
    assert shown(app) == ["[[1.0, 2.0], [3.0, 4.0]]"] * 2
    app.session_state["token"] = 5
    assert shown(app.run()) == ["[[5.0, 5.0], [5.0, 5.0]]"] * 2


def test_only_what_differs_from_the_default_stands_in_the_address():
    app = AppTest.from_function(script).run()
    assert "arr" not in app.query_params
    app.session_state["put"] = [[1.0, 2.0], [3.0, 0.1]]
    assert app.run().query_params["arr"] == "1,2,3,0.1"
    app.session_state["put"] = [[0.0, 0.0], [0.0, 0.0]]
    assert "arr" not in app.run().query_params


def test_a_click_turns_a_cell_on_and_the_next_one_off():
    app = AppTest.from_function(script).run()
    for expected in ("[[0.0, 1.0], [0.0, 0.0]]", "[[0.0, 0.0], [0.0, 0.0]]"):
        app.session_state["clicked"] = [1, 2]
        assert shown(app.run())[0] == expected
