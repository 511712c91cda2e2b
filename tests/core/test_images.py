"""A person's picture: what is read from it, and what is said about a file that cannot be one."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nnviz.core.images import MOST_BYTES, decode_image

random = np.random.default_rng(0)


def encoded(pixels, format="PNG", mode=None, **how):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels), mode).save(file, format, **how) if mode else Image.fromarray(np.asarray(pixels)).save(
        file, format, **how
    )
    return file.getvalue()


def png_that_claims(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


GREY = random.integers(0, 256, size=(20, 30), dtype=np.uint8)
PNG = encoded(GREY)


def test_a_small_png_is_read_pixel_by_pixel():
    assert decode_image(PNG) == pytest.approx(GREY / 255)


def test_a_jpeg_is_read_nearly():
    ramp = np.tile(np.linspace(0, 255, 32).astype(np.uint8), (32, 1))
    assert decode_image(encoded(ramp, "JPEG", quality=95)) == pytest.approx(ramp / 255, abs=0.03)


@pytest.mark.parametrize(("shape", "side", "shrunk"), [((640, 480), 32, (32, 24)), ((10, 1000), 64, (1, 64)), ((5, 7), 32, (5, 7))])
def test_a_picture_is_shrunk_in_proportion_and_never_enlarged(shape, side, shrunk):
    assert decode_image(encoded(np.zeros(shape, dtype=np.uint8)), side).shape == shrunk


def test_shrinking_keeps_the_mean():
    assert decode_image(encoded(random.integers(0, 256, size=(256, 256), dtype=np.uint8))).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("colour", "grey"), [((255, 0, 0), 0.299), ((0, 255, 0), 0.587), ((0, 0, 255), 0.114), ((255, 255, 255), 1.0)])
def test_colours_are_weighed_as_the_eye_does(colour, grey):
    assert decode_image(encoded(np.full((4, 4, 3), colour, dtype=np.uint8))) == pytest.approx(grey)


def test_transparent_pixels_lie_on_white():
    assert decode_image(encoded(np.zeros((4, 4, 4), dtype=np.uint8))) == pytest.approx(1.0)


def test_sixteen_bits_a_pixel_are_scaled_and_not_cut():
    deep = np.array([[0, 32768, 65535]], dtype=np.uint16)
    assert decode_image(encoded(deep))[0] == pytest.approx([0, 0.5, 1], abs=1e-4)


def test_one_bit_and_palette_pictures_are_read():
    checks = np.indices((8, 8)).sum(axis=0) % 2
    for mode in ("1", "P", "LA", "CMYK"):
        file = io.BytesIO()
        Image.fromarray((checks * 255).astype(np.uint8)).convert(mode).save(
            file, "JPEG" if mode == "CMYK" else "PNG", **({"quality": 95} if mode == "CMYK" else {})
        )
        assert decode_image(file.getvalue()) == pytest.approx(checks, abs=0.1)


def test_the_cameras_orientation_is_followed():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert decode_image(encoded(GREY, exif=exif)) == pytest.approx(np.rot90(GREY / 255, -1))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"GIF89a" + bytes(100), "neither a PNG nor a JPEG"),
        (b"\x89PNG\r\n\x1a\n", "broken or cut"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "broken or cut"),
        (PNG[:200], "broken or cut"),
        (PNG[:60] + bytes(20) + PNG[80:], "broken or cut"),
        (PNG + bytes(MOST_BYTES), "at most 20 MB"),
        (png_that_claims(30_000, 30_000), "pixels"),
        (png_that_claims(8_000, 8_000), "8,000 × 8,000"),
        (png_that_claims(2**31 - 1, 2**31 - 1), "pixels"),
        (png_that_claims(0, 5), "broken or cut"),
    ],
)
def test_what_is_no_picture_is_a_sentence(data, says):
    with pytest.raises(ValueError, match=says) as error:
        decode_image(data)
    assert 11 <= len(str(error.value)) < 600


def test_a_decompression_bomb_costs_no_memory():
    data = png_that_claims(9_000, 9_000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="pixels"):
        decode_image(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 2**20


@pytest.mark.parametrize("side", [0, 513])
def test_an_impossible_side_is_named(side):
    with pytest.raises(ValueError, match="between 1 and 512"):
        decode_image(PNG, side)


def read_or_said(data):
    try:
        return decode_image(data)
    except ValueError as error:
        return str(error)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(8, len(PNG) - 1), byte=st.integers(0, 255))
def test_any_broken_byte_gives_a_picture_or_a_sentence(at, byte):
    result = read_or_said(PNG[:at] + bytes([byte]) + PNG[at + 1 :])
    if isinstance(result, str):
        assert 11 <= len(result) < 600
    else:
        assert 0 <= result.min() <= result.max() <= 1
