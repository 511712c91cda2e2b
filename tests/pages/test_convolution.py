"""The page Convolution in each of its views, with edited numbers, odd addresses and bad files."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nnviz.ui.show import as_typed
from tests.pages.conftest import components

VIEWS = ("Slide", "Flipped or not", "Backward", "Two layers")


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def png(side=40):
    made = io.BytesIO()
    Image.fromarray((np.indices((side, side)).sum(axis=0) % 256).astype(np.uint8)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("picture", ["Digit", "Drawn grid"])
def test_each_view_opens(open_page, view, picture):
    app = open_page("convolution", convview=view, convinput=picture)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Convolution"


@pytest.mark.parametrize(
    "address", [{}, {"convflip": "true", "convpad": "same"}, {"convstride": "2", "convpad": "full", "convdilation": "2"}]
)
def test_three_ways_agree(open_page, address):
    text = captions(open_page("convolution", convkernel="gabor", **address))
    off = text.split("largest difference is ")[1].split(". ")[0].replace("−", "-")
    assert float(off) <= 1e-12


def test_the_field_reaches_a_place_that_is_not_played(open_page):
    app = open_page("convolution", convinput="Drawn grid", convside="16", convpad="same", convplace="101")
    assert any(markdown.value == "#### Place 101 of 256" for markdown in app.markdown)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"convinput": "Drawn grid", "convside": "3", "convwidth": "7"}, "kernel must fit inside"),
        ({"convpad": "same", "convstride": "2"}, "defined for stride 1"),
    ],
)
def test_a_window_that_does_not_fit_gets_a_sentence_and_the_former_stays(open_page, address, told):
    app = open_page("convolution", **address)
    assert not app.exception
    assert len(app.error) == 1
    assert told in app.error[0].value
    assert "largest difference" in captions(app)


def test_an_even_kernel_keeps_the_size_with_same_padding(open_page):
    app = open_page("convolution", convwidth="4", convpad="same")
    assert not app.exception
    assert not app.error
    assert any(markdown.value.endswith("of 64") for markdown in app.markdown)


def test_a_picture_too_small_for_two_layers_gets_a_sentence(open_page):
    app = open_page("convolution", convview="Two layers", convinput="Drawn grid", convside="3")
    assert not app.exception
    assert len(app.error) == 1


def test_edited_numbers_come_from_the_address(open_page):
    app = open_page("convolution", convw="0,0,0,0,1,0,0,0,0")
    assert not app.exception
    assert app.query_params["convw"] == "0,0,0,0,1,0,0,0,0"
    (table,) = components(app, "nnviz_cells")
    assert json.loads(table.json)["numbers"] == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("bad", ["1,2", "nan,0,0,0,0,0,0,0,0", "words", "1e999,0,0,0,0,0,0,0,0"])
def test_edited_numbers_that_cannot_be_read_are_told(open_page, bad):
    app = open_page("convolution", odd=True, convw=bad)
    assert not app.exception
    assert any("convw" in element.proto.body for element in app.get("html"))
    assert "convw" not in app.query_params


def test_numbers_that_overflow_are_drawn(open_page):
    app = open_page("convolution", convw=",".join(["1e308"] * 9))
    assert not app.exception
    assert not app.error


def test_a_kernel_is_learnt_from_the_digits(open_page):
    app = open_page("convolution", convkernel="learnt from the digits")
    assert not app.exception
    share = float(captions(app).split(" of the digits held out")[0].rsplit(" ", 1)[1].rstrip("%"))
    assert share > 80


def test_all_pixels_send_their_gradients_back(open_page):
    app = open_page("convolution", convview="Backward", convdelta="all pixels")
    assert not app.exception
    assert "δ = y" in captions(app)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"junk" * 30, png()[:60]], ids=["empty", "gif", "junk", "cut"])
def test_a_file_that_is_no_picture_gets_a_sentence_and_the_digit_stays(open_page, monkeypatch, data):
    uploaded = SimpleNamespace(file_id="1", name="mine.png", getvalue=lambda: data)
    monkeypatch.setattr("streamlit.file_uploader", lambda *_, **__: uploaded)
    app = open_page("convolution", convinput="Own picture")
    assert not app.exception
    assert [error.value.startswith(as_typed("mine.png: ")) for error in app.error] == [True]
    assert "of the data set" in captions(app)


def test_a_persons_own_picture_is_shrunk(open_page, monkeypatch):
    uploaded = SimpleNamespace(file_id="1", name="mine.png", getvalue=png)
    monkeypatch.setattr("streamlit.file_uploader", lambda *_, **__: uploaded)
    app = open_page("convolution", convinput="Own picture", convpixels="12")
    assert not app.exception
    assert not app.error
    assert any(markdown.value.endswith("of 100") for markdown in app.markdown)  # 12 − 3 + 1 places across


@pytest.mark.parametrize("address", [{"convview": "nonsense"}, {"convwidth": "99"}, {"convkernel": "?"}, {"convplace": "-4"}])
def test_an_address_that_cannot_be_read_is_told(open_page, address):
    app = open_page("convolution", odd=True, **address)
    assert not app.exception
    assert any(next(iter(address)) in element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("trial", range(4))
def test_each_try_this_opens(open_page, trial):
    app = open_page("convolution")
    app.button(key=f"try-{trial}").click().run()
    assert not app.exception
    assert not app.error
