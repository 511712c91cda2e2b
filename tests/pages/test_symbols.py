"""What stands behind the button Symbols: every letter with its meaning, the page's formulas with their numbers."""

import re

import pytest

from nnviz.figures.theme import LIGHT
from nnviz.formulas.catalogue import of_page
from nnviz.formulas.letters import LETTERS, in_colours
from nnviz.ui import navigation, redraw, reference
from tests.pages.conftest import formulas

NO_LETTERS = ("text", "infty", "begin", "cdots", "vdots", "operatorname", "sigma", "tanh")
TITLES = [title for files in navigation.SECTIONS.values() for title in files.values()]


def opened(open_page, page):
    """The page with its menu open."""
    app = open_page(page)
    app.session_state[redraw.SYMBOLS] = True
    return app.run()


@pytest.mark.parametrize("page", ["ripples", "optimizers", "losses", "formulas"])
def test_it_tells_every_letter_and_the_pages_formulas(open_page, page):
    app = opened(open_page, page)
    assert not app.exception
    told = " ".join(markdown.value for markdown in app.markdown)
    for name, letter in LETTERS.items():
        assert f"${in_colours(f'@{name}', LIGHT.symbols)}$ {letter.meaning}" in told
    for _, _, entry in of_page(page)[: reference.MOST]:
        assert entry.title in told
        assert entry.latex(LIGHT.symbols) in formulas(app)


def test_closed_it_writes_nothing(open_page):
    assert not any("derivative of the cost in z" in markdown.value for markdown in open_page("ripples").markdown)


@pytest.mark.parametrize("title", TITLES)
def test_each_page_is_known_by_its_title(title):
    assert navigation.path(navigation.name_of(title)).exists()


@pytest.mark.parametrize("page", [name for files in navigation.SECTIONS.values() for name in files if name not in ("maps", "formulas")])
def test_the_coloured_letters_of_a_page_are_explained(open_page, page):
    known = {letter.latex.lstrip("\\").removeprefix("hat ") for letter in LETTERS.values()}
    for latex in formulas(open_page(page)):
        for _, inner in re.findall(r"\\textcolor\{(#[0-9a-f]+)\}\{((?:[^{}]|\{[^{}]*\})*)\}", latex):
            letter = re.match(r"\\?(?:hat\s*\{?)?([A-Za-z]+)", inner)
            if letter and letter[1] not in NO_LETTERS and "'" not in inner:  # f'(z) is a number written out
                assert letter[1] in known, inner
