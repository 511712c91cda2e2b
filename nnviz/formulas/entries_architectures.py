"""Formulas of the catalogue: convolution, recurrent networks, the cost of computation."""

from __future__ import annotations

from nnviz.formulas import live
from nnviz.formulas.entry import Entry, M, lines

CONVOLUTION = (
    Entry(
        "Convolution",
        r"(f * g)[i,j] = \sum_m\sum_n f[i-m,\,j-n]\;g[m,n]",
        (("f", "picture"), ("g", "kernel")),
        "The kernel is turned by 180°. Texts often lose the factor g[m, n].",
        "convolution",
        {"convview": "Flipped or not", "convflip": True},
    ),
    Entry(
        "Cross-correlation",
        r"(f \star g)[i,j] = \sum_m\sum_n f[i+m,\,j+n]\;g[m,n]",
        (("f", "picture"), ("g", "kernel")),
        "What neural networks call convolution: the kernel is not turned.",
        "convolution",
        {"convview": "Flipped or not", "convflip": False},
    ),
    Entry(
        "One place as a row times a column",
        r"y = (a\ b\ c\ d\ e\ f\ g\ h\ i)\cdot(x_1, \dots, x_9)^\top",
        (("a … i", "the 3 × 3 kernel, row by row"), ("x", "the nine pixels under it")),
        "",
        "convolution",
        {"convview": "Slide", "convwidth": 3},
    ),
    Entry(
        "im2col",
        r"Y = \mathrm{vec}(g)^\top\cdot\mathrm{im2col}(f)",
        ((r"\mathrm{im2col}", "each window as a column"),),
        "All places at once become one matrix product.",
        "convolution",
        {"convview": "Slide"},
    ),
    Entry(
        "As a matrix",
        r"\mathrm{vec}(y) = T\cdot\mathrm{vec}(x)",
        (("T", "sparse, doubly blocked Toeplitz"), (r"\mathrm{vec}", "row by row")),
        "The same nine numbers along every row, moved on.",
        "convolution",
        {"convview": "Slide"},
    ),
    Entry(
        "Number of places",
        r"\left\lfloor\frac{n + 2p - d(k-1) - 1}{s}\right\rfloor + 1",
        (("n", "pixels"), ("p", "padding"), ("d", "dilation"), ("k", "kernel's width"), ("s", "stride")),
        "",
        "convolution",
        {"convview": "Slide", "convstride": 2},
        live.places,
    ),
    Entry(
        "Backward",
        r"\frac{\partial @C}{\partial x} = T^\top\frac{\partial @C}{\partial y},\qquad \langle T x, "
        r"y\rangle = \langle x, T^\top y\rangle",
        ((r"T^\top", "the adjoint"),),
        "A pixel collects the errors of all windows it was in.",
        "convolution",
        {"convview": "Backward"},
    ),
)

RECURRENT = (
    Entry(
        "Recurrent network",
        r"@h_t = f(@W_{hh}@h_{t-1} + @W_{xh}@x_t + @b_h),\qquad @y_t = @W_{hy}@h_t + @b_y",
        ((r"@h_t", "hidden state at step t, h₀ = 0"), (r"@x_t", "input at step t"), (r"@y_t", "output")),
        "The same weights at each step.",
        "recurrent",
        {"recview": "Unrolled"},
    ),
    Entry(
        "Back-propagation through time",
        lines(
            r"@delta_t &= f'(@z_t)\odot\big(@W_{hy}^\top e_t + @W_{hh}^\top @delta_{t+1}\big)",
            r"\frac{\partial @C}{\partial @W_{hh}} &= \sum_t @delta_t\,@h_{t-1}^\top",
        ),
        ((r"@delta_t", "error at step t, through all later steps"), ("e_t", "error of the output at step t")),
        "The gradient is the sum of what each step adds.",
        "recurrent",
        {"recview": "Contributions"},
    ),
    Entry(
        "How far a change is felt",
        r"\frac{\partial @h_t}{\partial @h_s} = \prod_{i=s+1}^t \mathrm{diag}\,f'(@z_i)\cdot @W_{hh}",
        ((r"@h_s", "an earlier state"),),
        "",
        "recurrent",
        {"recview": "Vanish or explode"},
    ),
    Entry(
        "Vanishing and exploding, linear",
        r"\rho(@W_{hh}) < 1 \iff \text{it dies},\qquad \rho(@W_{hh}) > 1 \implies \text{it grows}",
        ((r"\rho", "spectral radius"),),
        "It may grow first where the largest singular value is above 1. At ρ = 1 with orthogonal weights it keeps its size.",
        "recurrent",
        {"recview": "Vanish or explode", "recf": "identity", "recinit": "orthogonal"},
    ),
    Entry(
        "Vanishing and exploding, tanh",
        r"\sigma_{\max}(@W_{hh})\cdot\max f' < 1 \implies \text{it dies}",
        ((r"\sigma_{\max}", "largest singular value"),),
        "ρ > 1 does not suffice to explode: large weights saturate the units, and their slopes are small.",
        "recurrent",
        {"recview": "Vanish or explode", "recf": "tanh", "recrho": 1.5},
        live.through_time,
    ),
)

COST = (
    Entry(
        "Dense layer",
        r"2\,k\,n\,m\ \text{FLOPs} = O(n^2),\qquad k(n+1)\ \text{parameters}",
        (("k", "outputs"), ("n", "inputs"), M),
        "k·n·m products, each with an addition.",
        "cost_of_computation",
        {"costview": "This network"},
        live.flops,
    ),
    Entry(
        "Convolution",
        r"O(k^2\cdot n)",
        (("k", "kernel's width"), ("n", "number of pixels")),
        "The kernel is small and shared: many pixels cost little.",
        "cost_of_computation",
        {"costview": "Growth"},
    ),
    Entry(
        "Backward pass",
        r"4\,k\,n\,m\ \text{FLOPs}",
        (("k", "outputs"), ("n", "inputs"), M),
        "Two products of the forward's size: one for the weights, one for what came in.",
        "cost_of_computation",
        {"costview": "This network"},
        live.backward_flops,
    ),
    Entry(
        "Memory through time",
        r"O(T\cdot h\cdot m)",
        (("T", "steps"), ("h", "hidden units"), M),
        "Every step's state waits for the way back; truncation bounds it.",
        "cost_of_computation",
        {"costview": "Through time"},
    ),
)
