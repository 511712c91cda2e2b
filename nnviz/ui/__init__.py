"""Streamlit: the experiment in the sidebar, shared controls, the player, downloads, errors."""
