"""Formulas of the catalogue: convolution, recurrent networks, the cost of computation."""

from __future__ import annotations

from nnviz.formulas import complexity, convolution, live, recurrent
from nnviz.formulas import live_architectures as there
from nnviz.formulas.entry import Entry, M
from nnviz.formulas.letters import at_equals, lines

PICTURE = ((r"@x", "picture"), (r"@w", "kernel"))

CONVOLUTION = (
    Entry(
        "Convolution",
        convolution.CONVOLUTION,
        PICTURE,
        "The kernel is turned by 180°. Written (f∗g)[i, j] = Σ f[i−m, j−n]·g[m, n], texts often lose the factor g[m, n].",
        "convolution",
        {"convview": "Flipped or not", "convflip": True},
        there.both_ways,
    ),
    Entry(
        "Cross-correlation",
        convolution.CORRELATION,
        PICTURE,
        "What neural networks call convolution: the kernel is not turned.",
        "convolution",
        {"convview": "Flipped or not", "convflip": False},
        there.both_ways,
    ),
    Entry(
        "One place as a row times a column",
        r"@y = (a\ b\ c\ d\ e\ f\ g\ h\ i)\cdot(@x_1, \dots, @x_9)^\top",
        (("a … i", "the 3 × 3 kernel, row by row"), (r"@x", "the nine pixels under it"), (r"@y", "the pixel that comes out")),
        "",
        "convolution",
        {"convview": "Slide", "convwidth": 3},
        there.one_place,
    ),
    Entry(
        "im2col",
        r"\mathrm{vec}(@y)^\top = \mathrm{vec}(@w)^\top\cdot\mathrm{im2col}(@x)",
        ((r"\mathrm{im2col}", "each window as a column"), *PICTURE),
        "All places at once become one matrix product.",
        "convolution",
        {"convview": "Slide"},
        there.columns,
    ),
    Entry(
        "As a matrix",
        r"\mathrm{vec}(@y) = T\cdot\mathrm{vec}(@x)",
        (("T", "sparse, doubly blocked Toeplitz"), (r"\mathrm{vec}", "row by row")),
        "The same nine numbers along every row, moved on.",
        "convolution",
        {"convview": "Slide"},
        there.as_matrix,
    ),
    Entry(
        "Number of places",
        convolution.PLACES,
        (("n", "pixels"), ("p", "padding"), ("d", "dilation"), ("k", "kernel's width"), ("s", "stride")),
        "",
        "convolution",
        {"convview": "Slide", "convstride": 2},
        live.places,
    ),
    Entry(
        "Backward",
        lines(
            *map(at_equals, (convolution.INTO_PICTURE, convolution.INTO_KERNEL)),
            " &= ".join(convolution.ADJOINT),
        ),
        ((r"T^\top", "the adjoint"), (r"@delta", "gradient in the output"), *PICTURE),
        "A pixel collects the errors of all windows it was in.",
        "convolution",
        {"convview": "Backward"},
        there.adjoint,
    ),
    Entry(
        "Receptive field",
        convolution.FIELD,
        (("r", "pixels a side that a unit sees"), ("d_l, k_l, s_l", "dilation, kernel and stride of layer l")),
        "A stride before a layer makes each of its steps as much longer.",
        "convolution",
        {"convview": "Two layers"},
        there.field,
    ),
)

RECURRENT = (
    Entry(
        "Recurrent network",
        lines(at_equals(recurrent.STATE), at_equals(recurrent.OUTPUT)),
        ((r"@h_t", "hidden state at step t, h₀ = 0"), (r"@x_t", "input at step t"), (r"@y_t", "output")),
        "The same weights at each step.",
        "recurrent",
        {"recview": "Unrolled"},
        there.last_state,
    ),
    Entry(
        "Back-propagation through time",
        lines(at_equals(recurrent.ERROR), at_equals(recurrent.SUM)),
        ((r"@delta_t", "error at step t, through all later steps"), ("e_t", "error of the output at step t")),
        "The gradient is the sum of what each step adds.",
        "recurrent",
        {"recview": "Contributions"},
        there.shares,
    ),
    Entry(
        "How far a change is felt",
        recurrent.PRODUCT,
        ((r"@h_s", "an earlier state"),),
        "",
        "recurrent",
        {"recview": "Vanish or explode"},
        there.product,
    ),
    Entry(
        "Vanishing and exploding, linear",
        r"\rho(@W_{hh}) < 1 \iff \text{it dies},\qquad \rho(@W_{hh}) > 1 \implies \text{it grows}",
        ((r"\rho", "spectral radius"),),
        "It may grow first where the largest singular value is above 1. At ρ = 1 with orthogonal weights it keeps its size.",
        "recurrent",
        {"recview": "Vanish or explode", "recf": "identity", "recinit": "orthogonal"},
        there.linear,
    ),
    Entry(
        "Vanishing and exploding, tanh",
        r"\sigma_{\max}(@W_{hh})\cdot\max f' < 1 \implies \text{it dies}",
        ((r"\sigma_{\max}", "largest singular value"),),
        "ρ > 1 does not suffice to explode: large weights saturate the units, and their slopes are small.",
        "recurrent",
        {"recview": "Vanish or explode", "recf": "tanh", "recrho": 1.5},
        there.bounded,
    ),
)

COST = (
    Entry(
        "Dense layer",
        lines(
            rf"\text{{parameters}} &= {complexity.DENSE[0]}",
            rf"\text{{FLOPs forward}} &= {complexity.DENSE[1]} = O(n^2)",
        ),
        (("k", "outputs"), ("n", "inputs"), M),
        "k·n·m products, each with an addition; then the bias and the activation, one each.",
        "cost_of_computation",
        {"costview": "This network"},
        live.flops,
    ),
    Entry(
        "Convolution",
        lines(
            rf"\text{{parameters}} &= {complexity.CONVOLUTION[0]}",
            rf"\text{{FLOPs forward}} &= {complexity.CONVOLUTION[1]} = O(k^2\cdot n)",
        ),
        (("k", "kernel's width"), ("c, f", "channels in, filters"), ("p", "places of the window"), ("n", "number of pixels")),
        "The kernel is small and shared: many pixels cost little.",
        "cost_of_computation",
        {"costview": "Growth"},
        there.convolution_counts,
    ),
    Entry(
        "Backward pass",
        rf"\text{{FLOPs back}} = {complexity.DENSE[2]}",
        (("k", "outputs"), ("n", "inputs"), M),
        "Two products of the forward's size: one for the weights, one for what came in.",
        "cost_of_computation",
        {"costview": "This network"},
        live.backward_flops,
    ),
    Entry(
        "Memory through time",
        rf"\text{{bytes}} = {complexity.THROUGH_TIME} = O(T\cdot h\cdot m)",
        (("T", "steps"), ("h", "hidden units"), M),
        "Every step's state waits for the way back; truncation bounds it.",
        "cost_of_computation",
        {"costview": "Through time"},
        there.memory,
    ),
)
