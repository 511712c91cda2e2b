"""Numbers to Plotly figures, as plain dicts. Pure functions, no Streamlit."""
