"""What is done once a server leaves Streamlit's answers as they were."""

from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from nnviz.ui import warm

    warm.once()
    st.session_state.setdefault("field", None)
    st.session_state.setdefault("menu", None)
    st.session_state["own"] = 3
    given = [
        st.text_input("Field", "x", key="field"),
        st.selectbox("Menu", ["a", "b"], key="menu"),
        st.number_input("Number", 0, 5, 2, key="n"),
    ]
    st.session_state["given"] = given
    st.text(sorted(st.session_state))
    st.text(str(len(st.session_state) == len(list(st.session_state))))


def test_controls_that_were_emptied_stay_empty_and_others_have_their_default():
    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    assert app.session_state["given"] == [None, None, 2]
    assert app.text[0].value == str(["field", "given", "menu", "n", "own"])
    assert app.text[1].value == "True"


def test_an_entry_is_found_without_a_copy_of_all():
    app = AppTest.from_function(script, default_timeout=60).run()
    entries = (
        app.session_state.filtered_state if isinstance(app.session_state, SafeSessionState) else app.session_state._state.filtered_state
    )
    assert dict(entries)["own"] == entries["own"] == 3
    assert "absent" not in entries
