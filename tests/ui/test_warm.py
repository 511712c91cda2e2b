"""What is done once a server leaves Streamlit's answers as they were."""

import pytest
from streamlit.proto.NewSession_pb2 import NewSession
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from nnviz.ui.warm import theme_read_once


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


@pytest.fixture
def read():
    """Reads a theme in which one section says nothing; what was asked for stands in its `asked`."""

    def reading(message, section):
        reading.asked.append(section)
        if section != "theme.dark":
            message.primary_color = f"#{section}"

    reading.asked = []
    return reading


def told(tell):
    theme = NewSession().custom_theme
    tell(theme)
    tell(theme.light, "theme.light")
    tell(theme.dark, "theme.dark")
    return theme


def test_the_theme_is_told_as_streamlit_tells_it(read):
    assert told(theme_read_once(read)) == told(lambda message, section="theme": read(message, section))


def test_a_section_of_the_theme_that_says_nothing_stays_unset(read):
    theme = told(theme_read_once(read))
    assert theme.HasField("light")
    assert not theme.HasField("dark")


def test_the_settings_are_read_once_for_each_section_of_the_theme(read):
    tell = theme_read_once(read)
    assert told(tell) == told(tell)
    assert read.asked == ["theme", "theme.light", "theme.dark"]
