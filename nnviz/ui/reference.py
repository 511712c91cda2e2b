"""What the letters on a page mean and which formulas stand behind it: one tap away on every page, made only when it is opened."""

from __future__ import annotations

import streamlit as st

from nnviz.formulas.catalogue import of_page
from nnviz.formulas.entry import Entry
from nnviz.formulas.letters import LETTERS, in_colours
from nnviz.ui import experiment, formulas_view, navigation, redraw, show

MOST = 12  # formulas that are written; of more, the page Formulas has all


def menu(title: str) -> None:
    """A menu for a page's upper right corner; closed, it costs a button."""
    opened = st.popover("Symbols", type="tertiary", key=redraw.SYMBOLS, on_change="rerun")
    if opened.open:
        with opened:
            show.heading("Each colour means the same on every page")
            _letters()
            _formulas(title)


def _letters() -> None:
    """The letters that mean the same everywhere: a line a colour."""
    colours = show.theme().symbols
    told: dict[str, list[str]] = {}
    for name, letter in LETTERS.items():
        told.setdefault(letter.colour, []).append(f"${in_colours(f'@{name}', colours)}$ {letter.meaning}")
    st.markdown("  \n".join(" · ".join(alike) for alike in told.values()))


def _formulas(title: str) -> None:
    """The page's formulas from the catalogue, with their symbols and live numbers."""
    found = of_page(navigation.name_of(title))
    if not found:
        return
    show.heading("Formulas on this page")
    for group, place, entry in found[:MOST]:
        _formula(group, place, entry)
    group = found[0][0]
    left = len(found) - MOST
    formulas_view.way("formulas", {"formview": "Formulas", "formfind": "", "formgroup": group}, "reference", _more(left))


def _more(left: int) -> str:
    return f"{left} more, and all others" if left > 0 else "All formulas"


def _formula(group: str, place: int, entry: Entry) -> None:
    theme = show.theme()
    st.markdown(f"**{entry.title}**  \n{entry.explained(theme.symbols)}")
    show.formula(entry.latex(theme.symbols), f"menu-letters-{group}-{place}")
    chosen = experiment.current()
    if found := formulas_view.numbers(chosen.key, chosen, (group, place), theme.name):
        show.formula(found, f"menu-numbers-{group}-{place}")
