"""The page Eigenvalues in each view, with every matrix a person can type."""

import pytest

from tests.pages.conftest import formulas

VIEWS = ("Once", "Again and again", "Growth on the way", "Large matrices")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("eigenvalues", eigview=view)
    assert not app.exception
    assert not app.error


MATRICES = {
    "singular": (1, 1, 1, 1),
    "zero": (0, 0, 0, 0),
    "defective": (1, 1, 0, 1),
    "rotation": (0, -1, 1, 0),
    "huge": (1e6, 1e6, -1e6, 1e6),
    "reflection": (1, 0, 0, -1),
}


@pytest.mark.parametrize("view", VIEWS[:3])
@pytest.mark.parametrize("entries", MATRICES.values(), ids=MATRICES)
def test_any_matrix_is_drawn(open_page, view, entries):
    address = dict(zip(("w11", "w12", "w21", "w22"), map(str, entries), strict=True)) | ({} if view == "Once" else {"eigsteps": "200"})
    app = open_page("eigenvalues", eigview=view, **address)
    assert not app.exception
    assert not app.error


def test_the_formula_holds_the_eigenvalues_of_the_matrix(open_page):
    app = open_page("eigenvalues", w11="2", w12="0", w21="0", w22="0.5")
    assert r"\lambda_1 &= 2\\ \lambda_2 &= 0.5" in formulas(app)[0]


def test_a_defective_matrix_is_named(open_page):
    app = open_page("eigenvalues", w11="1", w12="1", w21="0", w22="1")
    assert any("defective" in element.value for element in app.caption)


def test_a_network_without_a_square_layer_is_told_what_is_missing(open_page):
    app = open_page("eigenvalues", eigview=VIEWS[3], ensemble="a layer of the experiment", sizes="5, 7")
    assert not app.exception
    assert "no square layer" in app.info[0].value


@pytest.mark.parametrize("address", [{"w11": "nan"}, {"w11": "1e300"}, {"eign": "1e9"}, {"eigsteps": "-1"}])
def test_an_odd_address_is_told(open_page, address):
    app = open_page("eigenvalues", eigview=VIEWS[3] if "eign" in address else VIEWS[2], odd=True, **address)
    assert not app.exception
