"""Formulas: the catalogue, grouped and searchable; what beginners ask; where to read on."""

import streamlit as st

from nnviz.formulas.catalogue import CATALOGUE, search
from nnviz.formulas.questions import QUESTIONS, SOURCES
from nnviz.ui import controls, experiment, formulas_view, page, show

MOST = 20  # formulas shown at once

chosen = experiment.current()
count = sum(map(len, CATALOGUE.values()))
page.head(f"{count} formulas, each with its symbols, its numbers in the experiment, and the page where it can be played with.")


def formulas() -> None:
    wanted = controls.text(
        "Search", key="formfind", default="", longest=80, placeholder="such as softmax, momentum, spectral radius", width=420
    )
    group = controls.segments("Group", CATALOGUE, key="formgroup", default="Network", disabled=bool(wanted.strip()))
    if wanted.strip():
        found = search(wanted)
        if not found:
            st.info(
                f"No formula holds all of “{show.as_typed(wanted[:40])}”: try a single word, such as gradient, or look through the groups."
            )
            return
        more = f"; the first {MOST} are shown" if len(found) > MOST else ""
        show.sentence(f"{len(found)} of {count} formulas hold “{show.as_typed(wanted[:40])}”{more}.")
    else:
        found = [(group, entry) for entry in CATALOGUE[group]]
    for of_group, entry in found[:MOST]:
        formulas_view.entry(chosen, of_group, list(CATALOGUE[of_group]).index(entry), entry)


def questions() -> None:
    for index, asked in enumerate(QUESTIONS):
        show.heading(asked.question)
        st.markdown(asked.answer)
        formulas_view.way(asked.page, {}, f"question-{index}")


def reading() -> None:
    for source in SOURCES:
        st.markdown(f"**[{source.title}]({source.address})**  \n{source.by}, {source.year}. {source.where}. {source.about}")


VIEWS = {"Formulas": formulas, "Questions": questions, "Where to read on": reading}
VIEWS[controls.view(VIEWS, key="formview")]()

controls.try_this(
    [
        controls.Trial("Everything on ρ", "The spectral radius decides in three places: maps, recurrent networks, stability.",
                       {"formview": "Formulas", "formfind": "spectral radius"}),
        controls.Trial("The worked example", "Every number is worked out by the engine, to six decimals.",
                       {"formview": "Formulas", "formfind": "", "formgroup": "Worked example"}),
        controls.Trial("What is learnt here", "Move the seed in the sidebar: the live numbers follow.",
                       {"formview": "Formulas", "formfind": "", "formgroup": "Backpropagation"}),
        controls.Trial("How batches multiply", "One matrix product for all samples.", {"formview": "Questions"}),
    ]
)  # fmt: skip
