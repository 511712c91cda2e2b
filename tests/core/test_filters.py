"""What each named kernel does to a picture; parametrised over the registry, so that a new one is tested by being named."""

import numpy as np
import pytest

from nnviz.core.convolution import convolve2d
from nnviz.core.filters import KERNELS, gabor, kernel

random = np.random.default_rng(0)
PICTURE = random.normal(size=(16, 16))
RAMP = np.tile(np.arange(16.0), (16, 1))


@pytest.mark.parametrize("width", range(2, 8))
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_square_finite_and_the_same_each_time(name, width):
    weights = kernel(name, width)
    assert weights.shape == (width, width)
    assert np.isfinite(weights).all()
    assert np.array_equal(weights, kernel(name, width))
    assert weights.any()


@pytest.mark.parametrize("width", range(2, 8))
def test_the_identity_gives_the_picture_back(width):
    assert np.array_equal(convolve2d(PICTURE, kernel("identity", width), padding="same"), PICTURE)


@pytest.mark.parametrize("width", range(2, 8))
@pytest.mark.parametrize(
    ("name", "flat"), [("blur", 1), ("gaussian", 1), ("sharpen", 1), ("edges", 0), ("sobel_x", 0), ("sobel_y", 0), ("gabor", 0)]
)
def test_on_a_flat_picture_only_the_sum_of_the_weights_is_seen(name, flat, width):
    assert convolve2d(np.full((9, 9), 7.0), kernel(name, width)) == pytest.approx(7.0 * flat, abs=1e-9)


@pytest.mark.parametrize("width", range(2, 8))
def test_sobel_sees_the_slope_in_its_own_direction_alone(width):
    assert (convolve2d(RAMP, kernel("sobel_x", width)) > 0).all()
    assert convolve2d(RAMP, kernel("sobel_y", width)) == pytest.approx(0, abs=1e-9)
    assert convolve2d(RAMP.T, kernel("sobel_y", width)) == pytest.approx(convolve2d(RAMP, kernel("sobel_x", width)).T)


def test_the_textbook_kernels_of_width_three():
    assert kernel("sobel_x").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert kernel("sharpen").tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert kernel("edges").tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    assert kernel("emboss").tolist() == [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    assert (16 * kernel("gaussian")).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


@pytest.mark.parametrize("angle", [0.0, np.pi / 2])
def test_gabor_answers_most_to_stripes_of_its_own_angle(angle):
    y, x = np.indices((32, 32))
    stripes = [np.cos(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / 3.5) for a in (angle, angle + np.pi / 2)]
    along, across = (np.abs(convolve2d(s, gabor(7, angle))).max() for s in stripes)
    assert along > 5 * across


@pytest.mark.parametrize(("name", "width"), [("x" * 500, 3), ("blur", 1), ("blur", 32), ("blur", 3.5), ("blur", "3")])
def test_bad_names_and_widths_are_named(name, width):
    with pytest.raises(ValueError, match=r"choose one of|whole number from 2") as error:
        kernel(name, width)
    assert len(str(error.value)) < 600
