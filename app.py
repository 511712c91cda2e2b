"""nnviz: navigation and the shared sidebar. The pages stand in `pages/`, what they are made of in `nnviz/`."""

# Imported before anything else runs: many sessions that open a fresh server at once would otherwise meet a half-imported pandas.
import pandas  # noqa: F401, I001
import plotly.graph_objects  # noqa: F401

import streamlit as st

from nnviz.ui import experiment, navigation, show, sidebar, warm

st.set_page_config(
    page_title="nnviz",
    page_icon=str(navigation.ICON),
    layout="wide",
    initial_sidebar_state="collapsed" if st.context.is_embedded else "auto",
)
warm.once()
page = navigation.enter()
show.style()
experiment.put(sidebar.experiment())
page.run()
