"""What a page's frame says and links to."""

from urllib.parse import parse_qs, urlsplit

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from nnviz.ui import page

    st.session_state["address"] = page._full_view()


def test_the_full_view_keeps_every_value_of_the_address_and_drops_the_embedding():
    app = AppTest.from_function(script, default_timeout=60)
    wanted = {"several": ["a", "b & c"], "expression": ["x**2 + 3"], "tune": ["adam.beta1=0.8; sgd.learning_rate=0.1"]}
    for key, values in wanted.items():
        app.query_params[key] = values
    app.query_params["embed_options"] = "dark_theme"
    app.run()
    assert parse_qs(urlsplit(app.session_state["address"]).query) == wanted
