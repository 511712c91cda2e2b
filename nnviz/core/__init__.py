"""The mathematics: NumPy and SciPy alone. No drawing, no text, no Streamlit."""
