"""What a convolution promises: three ways with the same numbers, PyTorch's and SciPy's, and a backward pass that is the transpose."""

import ast
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.convolution import adjoint, col2im, convolution_matrix, convolve2d, geometry, gradients, im2col, output_size
from nnviz.core.walk import walk

REFERENCE = np.load(Path(__file__).parents[1] / "references" / "convolution.npz")
CASES = sorted({key.rsplit("/", 1)[0] for key in REFERENCE.files if key.startswith("case/")})
random = np.random.default_rng(0)


def options(case):
    name, *rest = case.split("/")[1:]
    stride, padding, dilation = (text if text in ("valid", "same") else ast.literal_eval(text) for text in rest)
    return REFERENCE[f"kernel/{name}"], {"stride": stride, "padding": padding, "dilation": dilation}


@pytest.mark.parametrize("case", CASES)
def test_convolve2d_is_pytorchs_conv2d(case):
    kernel, how = options(case)
    assert convolve2d(REFERENCE["pictures"], kernel, **how) == pytest.approx(REFERENCE[f"{case}/output"], abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_pytorchs(case):
    kernel, how = options(case)
    x = REFERENCE["pictures"]
    into_x, into_kernel = gradients(x, kernel, 3 * convolve2d(x, kernel, **how) ** 2, **how)
    assert into_x == pytest.approx(REFERENCE[f"{case}/x_gradient"], rel=1e-10, abs=1e-9)
    assert into_kernel == pytest.approx(REFERENCE[f"{case}/kernel_gradient"], rel=1e-10, abs=1e-8)


def test_im2col_and_col2im_are_pytorchs_unfold_and_fold():
    how = {"kernel": (2, 3), "dilation": (2, 1), "padding": (1, 2), "stride": (1, 2)}
    assert im2col(REFERENCE["pictures"], **how) == pytest.approx(REFERENCE["columns"])
    assert col2im(REFERENCE["columns"], (9, 8), **how) == pytest.approx(REFERENCE["folded"])


@pytest.mark.parametrize("padding", ["valid", "full", "same"])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 3), (7, 7)])
def test_both_directions_are_scipys(padding, size):
    x, kernel = random.normal(size=(9, 11)), random.normal(size=size)
    assert convolve2d(x, kernel, padding=padding) == pytest.approx(scipy.signal.correlate2d(x, kernel, padding), abs=1e-12)
    assert convolve2d(x, kernel, padding=padding, flip=True) == pytest.approx(scipy.signal.convolve2d(x, kernel, padding), abs=1e-12)


def test_mathematical_convolution_is_the_double_sum():
    f, g = random.normal(size=(5, 6)), random.normal(size=(2, 3))
    full = np.zeros((6, 8))
    for i, j, m, n in product(range(6), range(8), range(2), range(3)):
        if 0 <= i - m < 5 and 0 <= j - n < 6:
            full[i, j] += f[i - m, j - n] * g[m, n]
    assert convolve2d(f, g, padding="full", flip=True) == pytest.approx(full, abs=1e-12)


def test_mathematical_convolution_commutes():
    f, g = random.normal(size=(5, 6)), random.normal(size=(2, 3))
    one = convolve2d(f, g, padding="full", flip=True)
    assert one == pytest.approx(convolve2d(g, f, padding="full", flip=True), abs=1e-12)


def test_same_keeps_the_size_of_even_kernels_with_the_extra_zero_after():
    x = random.normal(size=(6, 7))
    padded = np.pad(x, ((0, 1), (1, 2)))
    assert convolve2d(x, np.ones((2, 4)), padding="same") == pytest.approx(convolve2d(padded, np.ones((2, 4))))


GEOMETRIES = [
    {"stride": stride, "padding": padding, "dilation": dilation, "flip": flip}
    for stride, padding, dilation, flip in product((1, (2, 3)), (0, (2, 1), "full"), (1, (1, 2)), (False, True))
] + [{"padding": "same", "flip": True}]


@pytest.mark.parametrize("how", GEOMETRIES, ids=str)
def test_matrix_times_vec_is_the_direct_sum(how):
    x, kernel = random.normal(size=(2, 6, 7)), random.normal(size=(3, 2, 3, 2))
    T, y = convolution_matrix(kernel, x.shape, **how), convolve2d(x, kernel, **how)
    assert np.abs(T @ x.ravel() - y.ravel()).max() < 1e-12


@pytest.mark.parametrize("how", GEOMETRIES, ids=str)
def test_adjoint_is_the_transposed_matrix_and_obeys_the_inner_product(how):
    x, kernel = random.normal(size=(2, 6, 7)), random.normal(size=(3, 2, 3, 2))
    y = random.normal(size=convolve2d(x, kernel, **how).shape)
    back = adjoint(y, kernel, (6, 7), **how)
    assert np.vdot(convolve2d(x, kernel, **how), y) == pytest.approx(np.vdot(x, back), abs=1e-10)
    assert back.ravel() == pytest.approx(convolution_matrix(kernel, x.shape, **how).T @ y.ravel(), abs=1e-12)


@pytest.mark.parametrize("how", GEOMETRIES, ids=str)
def test_gradients_are_the_central_differences(how):
    x, kernel = random.normal(size=(2, 5, 6)), random.normal(size=(3, 2, 3, 2))
    delta = random.normal(size=convolve2d(x, kernel, **how).shape)
    into_x, into_kernel = gradients(x, kernel, delta, **how)
    dx, dk = random.normal(size=x.shape), random.normal(size=kernel.shape)
    along_x = np.vdot(delta, convolve2d(x + 1e-6 * dx, kernel, **how) - convolve2d(x - 1e-6 * dx, kernel, **how)) / 2e-6
    along_kernel = np.vdot(delta, convolve2d(x, kernel + 1e-6 * dk, **how) - convolve2d(x, kernel - 1e-6 * dk, **how)) / 2e-6
    assert np.vdot(into_x, dx) == pytest.approx(along_x, rel=1e-7, abs=1e-7)
    assert np.vdot(into_kernel, dk) == pytest.approx(along_kernel, rel=1e-7, abs=1e-7)


def test_many_kernels_in_one_call_give_what_each_gives():
    x, kernels = random.normal(size=(4, 2, 6, 7)), random.normal(size=(5, 1, 3, 2, 3, 3))
    y = convolve2d(x, kernels)
    assert y.shape == (5, 4, 3, 4, 5)
    assert y[3, 2] == pytest.approx(convolve2d(x[2], kernels[3, 0]))
    back = gradients(x, kernels, y)
    assert back.kernel[3, 0] == pytest.approx(gradients(x, kernels[3, 0], y[3]).kernel)
    assert back.x == pytest.approx(sum(gradients(x, kernels[i, 0], y[i]).x for i in range(5)))


def test_a_plain_kernel_works_on_a_batch_of_plain_pictures():
    x, kernel = random.normal(size=(3, 6, 7)), random.normal(size=(3, 3))
    y = convolve2d(x, kernel, padding=1)
    assert y[1] == pytest.approx(scipy.signal.correlate2d(x[1], kernel, "same"))
    assert gradients(x, kernel, y, padding=1).kernel.shape == (3, 3)


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 8),
    stride=st.integers(1, 5),
    padding=st.integers(0, 6),
    dilation=st.integers(1, 4),
)
def test_shape_formula_counts_the_windows(size, kernel, stride, padding, dilation):
    starts = [i for i in range(-padding, size + padding, stride) if i + dilation * (kernel - 1) < size + padding]
    counted = output_size(size, kernel, stride, padding, dilation)
    assert max(counted, 0) == len(starts)
    if starts:
        y = convolve2d(np.ones((size, 1)), np.ones((kernel, 1)), (stride, 1), (padding, 0), (dilation, 1))
        assert y.shape == (counted, 1)


def test_overflow_is_a_result():
    assert np.isinf(convolve2d(np.full((3, 3), 1e308), np.full((2, 2), 1e308))).all()


def test_the_walk_is_the_convolution_step_by_step():
    x, kernel = random.normal(size=(2, 6, 5)), random.normal(size=(3, 2, 3, 2))
    how = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "flip": True}
    steps = walk(x, kernel, channel=1, **how)
    T, y, columns = (
        convolution_matrix(kernel, x.shape, **how).toarray(),
        convolve2d(x, kernel, **how),
        im2col(x, (3, 2), (2, 1), (1, 2), (1, 2)),
    )
    assert len(steps) == y[1].size
    for i, place in enumerate(steps):
        assert place.total == pytest.approx(y[1][place.output])
        assert place.products == pytest.approx(place.patch * kernel[1, :, ::-1, ::-1])
        assert place.products.sum() == pytest.approx(place.total)
        assert place.matrix_row == pytest.approx(T[y[1].size + i])
        assert place.column == pytest.approx(columns[:, i])
        inside = place.pixels >= 0
        assert place.column[inside] == pytest.approx(x.ravel()[place.pixels[inside]])
        assert not place.column[~inside].any()


def test_the_corner_of_a_place_is_where_its_window_starts_in_the_picture():
    place = walk(np.arange(16.0).reshape(4, 4), np.ones((3, 3)), stride=2, padding=1)[3]
    assert (place.output, place.corner) == ((1, 1), (1, 1))
    assert place.patch[0, 0, 0] == 5.0
    assert walk(np.ones((4, 4)), np.ones((3, 3)), padding="same")[0].corner == (-1, -1)


def test_a_place_outside_the_walk_is_an_index_error():
    with pytest.raises(IndexError, match="4 places"):
        walk(np.ones((3, 3)), np.ones((2, 2)))[4]


@pytest.mark.parametrize(
    ("x", "kernel", "how", "says"),
    [
        (np.ones((3, 3)), np.ones((4, 4)), {}, "4×4.*3×3.*smaller"),
        (np.ones((5, 5)), np.ones((3, 3)), {"dilation": 3}, "must fit inside"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": "same", "stride": 2}, "stride 1"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": "mirror"}, "valid, same, full"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": -1}, "from 0 on"),
        (np.ones((5, 5)), np.ones((3, 3)), {"stride": 0}, "stride is 0"),
        (np.ones((5, 5)), np.ones((3, 3)), {"stride": 1.5}, "whole number"),
        (np.ones((5, 5)), np.ones((3, 3)), {"dilation": (1, 2, 3)}, "two axes"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": 10**8}, "at most"),
        (np.ones((5, 5)), np.ones((3, 3)), {"padding": 10**30}, "whole number"),
        (np.ones((2, 5, 5)), np.ones((1, 3, 3, 3)), {}, "channels c agree"),
        (np.ones((5, 5)), np.ones((1, 1, 3, 3)), {}, r"\(5, 5\).*\(1, 1, 3, 3\)"),
        (np.ones(5), np.ones((3, 3)), {}, "rows and columns"),
        (np.ones((0, 5)), np.ones((3, 3)), {}, "at least one row"),
        (np.ones((5, 5)), np.ones((0, 3)), {}, "at least one row"),
    ],
)
def test_bad_input_is_named(x, kernel, how, says):
    with pytest.raises(ValueError, match=says) as error:
        convolve2d(x, kernel, **how)
    assert 11 <= len(str(error.value)) < 600


@pytest.mark.parametrize(
    "call",
    [
        lambda: convolution_matrix(np.ones((3, 3)), (1, 5, 5)),
        lambda: convolution_matrix(np.ones((1, 1, 3, 3)), (5, 5)),
        lambda: convolution_matrix(np.ones((1, 2, 3, 3)), (1, 5, 5)),
        lambda: convolution_matrix(np.ones((64, 64)), (4000, 4000)),
        lambda: adjoint(np.ones((3, 3)), np.ones((3, 3)), (6, 6)),
        lambda: col2im(np.ones((5, 4)), (3, 3), 2),
        lambda: gradients(np.ones((5, 5)), np.ones((3, 3)), np.ones((5, 5))),
        lambda: walk(np.ones((2, 5, 5)), np.ones((3, 2, 3, 3)), channel=3),
        lambda: geometry((5, 5), "three"),
    ],
)
def test_shapes_that_do_not_belong_together_are_named(call):
    with pytest.raises(ValueError, match=r"give|places|whole|smaller|windows") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
