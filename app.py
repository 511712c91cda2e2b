"""nnviz: navigation and the shared sidebar. The pages stand in `pages/`, what they are made of in `nnviz/`.

`streamlit run` first imports this file and finds the server `app`, which then runs it for each session.
"""

# Imported when the server starts: sessions that open it at once would otherwise import them by turns and meet a half-imported pandas.
import pandas  # noqa: F401, I001
import plotly.graph_objects  # noqa: F401

from copy import copy

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from nnviz.ui import assets, carry, controls, experiment, navigation, redraw, show, sidebar, warm
from nnviz.ui import page as frame


@st.fragment(key=redraw.PAGE)
def body(shown) -> None:
    """The page, of the experiment as it is now; what is moved on it draws neither the sidebar anew nor its frame."""
    carry.stay(shown)
    frame.stay()
    experiment.put(sidebar.now())
    copy(shown).run()  # a copy, since Streamlit lets a page run once


def draw() -> None:
    """All of the app, for a session."""
    st.set_page_config(
        page_title="nnviz",
        page_icon=str(navigation.ICON),
        layout="wide",
        initial_sidebar_state="collapsed" if st.context.is_embedded else "auto",
    )
    warm.once()
    with redraw.whole():
        page = navigation.enter()
        carry.go(page)
        show.style()
        chosen = sidebar.experiment()
        experiment.put(chosen)
        frame.top(page.title)
        body(page)
        controls.draw_trials(page.title)
    carry.finish(chosen)


if get_script_run_ctx(suppress_warning=True):
    draw()
else:
    app = st.App(__file__, middleware=assets.middleware())
