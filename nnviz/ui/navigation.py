"""The pages and their order. To add one: a file in `pages/` and a line here."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Any

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
ICON = Path(__file__).with_name("icon.svg")

SECTIONS: dict[str, dict[str, str]] = {  # section → file in pages/ → title
    "": {"start": "Start"},
    "Network": {
        "network": "Network",
        "activations": "Activations",
        "losses": "Losses",
        "backpropagation": "Backpropagation",
    },
    "Learning": {
        "optimizers": "Optimisers",
        "training": "Training",
        "loss_landscape": "Loss landscape",
        "maps": "Maps",
    },
    "Stability": {
        "eigenvalues": "Eigenvalues",
        "ripples": "Ripples",
        "curvature": "Curvature",
    },
    "Architectures": {
        "convolution": "Convolution",
        "recurrent": "Recurrent networks",
        "cost_of_computation": "Cost of computation",
    },
    "Reference": {"formulas": "Formulas"},
}


def path(name: str) -> Path:
    """The file of a page."""
    return ROOT / "pages" / f"{name}.py"


def name_of(title: str) -> str:
    """The file of the page of that title.

    Examples
    --------
    >>> name_of("Optimisers")
    'optimizers'
    """
    return next(name for files in SECTIONS.values() for name, known in files.items() if known == title)


@st.cache_resource(show_spinner=False)
def _pages() -> dict[str, list[Any]]:
    return {
        section: [st.Page(path(name), title=title, url_path=name, default=name == "start") for name, title in files.items()]
        for section, files in SECTIONS.items()
    }


def enter() -> Any:
    """Enter the navigation and give back the page to run; an embedded page stands without it."""
    # Copies, since `st.navigation` marks the one that may run; made anew, each asks the disk for its file.
    pages = {section: [copy(page) for page in made] for section, made in _pages().items()}
    position: Any = "hidden" if st.context.is_embedded else "sidebar"
    return st.navigation(pages, position=position, expanded=True)


def link(name: str, label: str) -> None:
    """A link to another page; what is chosen in the sidebar goes along."""
    st.page_link(path(name), label=label)
