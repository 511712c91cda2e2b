"""nnviz: navigation and the shared sidebar. The pages stand in `pages/`, what they are made of in `nnviz/`."""

# Imported before anything else runs: many sessions that open a fresh server at once would otherwise meet a half-imported pandas.
import pandas  # noqa: F401, I001
import plotly.graph_objects  # noqa: F401

import streamlit as st

from nnviz.ui import carry, experiment, navigation, show, sidebar, warm

st.set_page_config(
    page_title="nnviz",
    page_icon=str(navigation.ICON),
    layout="wide",
    initial_sidebar_state="collapsed" if st.context.is_embedded else "auto",
)
warm.once()
page = navigation.enter()
carry.go(page)
show.style()
chosen = sidebar.experiment()
experiment.put(chosen)
page.run()
carry.finish(chosen)
