"""Formulas of the catalogue: optimisers, linear algebra and stability."""

from __future__ import annotations

from nnviz.core.linear_maps import ENSEMBLES
from nnviz.formulas import curvature, eigenvalues, landscape, live, recurrent, ripples
from nnviz.formulas import live_stability as there
from nnviz.formulas.entry import ALPHA, Entry, T, W
from nnviz.formulas.letters import at_equals, lines
from nnviz.formulas.optimizers import NOTES, RULES, SYMBOLS

TITLES = {
    "sgd": "Gradient descent",
    "momentum": "Momentum (exponential average)",
    "heavy_ball": "Heavy ball (Polyak)",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSProp",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "adamw": "AdamW",
    "amsgrad": "AMSGrad",
    "nadam": "NAdam",
    "radam": "RAdam",
    "lion": "Lion",
    "newton": "Newton",
    "lbfgs": "L-BFGS",
}
LEFT = {
    "velocity": "v",
    "next": r"\theta",
    "s": "s",
    "v": "v",
    "u": "u",
    "m": "m",
    "mh": r"\hat m",
    "vh": r"\hat v",
    "delta": r"\Delta",
    "largest": r"v_{\max}",
    "direction": "c",
    "hessian": "H",
}
MEANINGS = {
    "beta": (r"\beta", "memory"),
    "beta1": (r"\beta_1", "memory of the gradient"),
    "beta2": (r"\beta_2", "memory of its square"),
    "rho": (r"\rho", "memory"),
    "epsilon": (r"\epsilon", "keeps from dividing by 0"),
    "weight_decay": (r"\lambda", "weight decay"),
    "damping": (r"\lambda", "damping"),
    "g": ("g", "gradient"),
}


def _rule(name: str) -> Entry:
    """An optimiser's rule, from the templates that the page Optimisers fills with numbers."""
    rule = RULES[name]
    written = (
        lines(*(rf"{LEFT[result]} &\leftarrow {template.format(**SYMBOLS)}" for result, template in rule))
        .replace(r"\theta", "@theta")
        .replace(r"\alpha", "@alpha")
    )
    used = [meaning for key, meaning in MEANINGS.items() if any(f"{{{key}}}" in template for _, template in rule)]
    return Entry(
        TITLES.get(name, name.replace("_", " ").capitalize()),
        written,
        (T, ALPHA, *used),
        NOTES.get(name, ""),
        "optimizers",
        {"opt": [name]},
        lambda here, colours: live.hyperparameters(name, here),
    )


OPTIMIZER = (
    Entry(
        "Batch, stochastic and mini-batch descent",
        r"@theta \leftarrow @theta - @alpha\,\frac1B\sum_{i\in\text{batch}} \nabla @L_i",
        (T, ALPHA, ("B", "batch size: all samples, one, or some")),
        "A small batch is noisy and cheap, the whole data set exact and dear.",
        "training",
        {"trainview": "Compare", "varied": "batch size"},
        live.batches,
    ),
    *(_rule(name) for name in RULES),
    Entry(
        "Muon",
        lines(
            r"v &\leftarrow \beta v + (1-\beta)\,\nabla @C,\qquad u = (1-\beta)\,\nabla @C + \beta v",
            r"@W &\leftarrow @W - @alpha\,\mathrm{NS}_5(u) \approx @W - @alpha\,U V^\top,\quad u = " r"U\Sigma V^\top",
        ),
        (W, ALPHA, (r"\mathrm{NS}_5", "five Newton–Schulz steps towards the nearest orthogonal matrix")),
        "For matrices; biases go by AdamW. Here in float64, PyTorch's iterates in bfloat16.",
        "training",
        {"optimizer": "muon", "trainview": "Watch"},
        lambda here, colours: live.hyperparameters("muon", here),
    ),
    Entry(
        "Schedules",
        lines(
            r"\text{constant} &: 1",
            r"\text{step} &: \gamma^{\lfloor t/s\rfloor}",
            r"\text{exponential} &: \gamma^t",
            r"\text{cosine} &: \tfrac12\big(1 + \cos(\pi t/T)\big)",
            r"\text{warm-up} &: \min\!\big(\tfrac13 + \tfrac23\,t/s,\ 1\big)",
            r"\text{one cycle} &: \tfrac1{25} \nearrow 1 \searrow \tfrac1{250000}\ \text{(half cosines)}",
        ),
        (("t", "step"), ("T", "length of the run"), ("s", "length of a stage"), (r"\gamma", "factor")),
        "The learning rate is multiplied by this factor at step t.",
        "optimizers",
        {"sched": "cosine"},
        there.schedules,
    ),
    Entry(
        "Clipping",
        recurrent.CLIPPED,
        ((r"@g", "gradient"), ("c", "its greatest length")),
        "Keeps the direction; a run that would explode goes on.",
        "optimizers",
        {"gclip": 1.0},
        there.clipping,
    ),
)

LANDSCAPE = (
    Entry(
        "A plane through the parameters",
        lines(at_equals(landscape.PLANE), at_equals(landscape.SHADOW)),
        ((r"@theta_0", "the plane's origin"), ("u, v", "its directions"), (r"\alpha, \beta", "a place on it")),
        "What is drawn is the cost of these points; a run is drawn where it comes nearest to the plane.",
        "loss_landscape",
        {"landview": "Landscape"},
    ),
    Entry(
        "Filter normalisation",
        landscape.NORMALISED,
        ((r"u_j", "part of a random direction that belongs to neuron j"), (r"@w_j", "the weights of that neuron")),
        "A step then means the same to every neuron, whatever the size of its weights.",
        "loss_landscape",
        {"landview": "Landscape"},
    ),
    Entry(
        "Barrier between two solutions",
        lines(at_equals(landscape.LINE), at_equals(landscape.BARRIER)),
        ((r"@theta_0, @theta_1", "the two solutions"), ("t", "share of the way"), ("B", "how far the cost rises above the chord")),
        "",
        "loss_landscape",
        {"landview": "Between two solutions"},
    ),
    Entry(
        "A pixel of a map",
        lines(
            r"M &= -\sum_t v_t \quad\text{where the run converges}",
            r"M &= \sum_t 1/v_t \quad\text{where it diverges}",
            r"v_t &= @C(@theta_t)\,/\,@C(@theta_0)",
        ),
        (("M", "the measure convergence"), ("v_t", "cost at step t over that of the start"), (r"@theta_t", "parameters at step t")),
        "Each pixel is a run with its own two hyperparameters; the sharper it is zoomed, the finer the border.",
        "maps",
        {"mapmeasure": "convergence"},
    ),
)

STABILITY = (
    Entry(
        "A matrix as a map of the plane",
        r"@x \mapsto @W @x",
        (W,),
        "Squares become parallelograms; their area is multiplied by |det W|.",
        "eigenvalues",
        {"eigview": "Once"},
        there.area,
    ),
    Entry(
        "Eigenvalues and eigenvectors",
        lines(
            r"@W v &= \lambda v",
            rf"{at_equals(eigenvalues.CHARACTERISTIC[0])} = {eigenvalues.CHARACTERISTIC[1]}\quad(2\times 2)",
        ),
        ((r"\lambda", "eigenvalue"), ("v", "eigenvector: a line that is kept")),
        "",
        "eigenvalues",
        {"eigview": "Once"},
        there.square,
    ),
    Entry(
        "Singular values",
        r"@W = U\Sigma V^\top,\qquad \sigma_i = \sqrt{\lambda_i(@W^\top @W)}",
        ((r"\sigma_i", "lengths of the axes of the ellipse that a circle becomes"),),
        "",
        "eigenvalues",
        {"eigview": "Once"},
        there.singular,
    ),
    Entry(
        "Spectral radius",
        r"\rho(@W) = \max_i |\lambda_i|",
        ((r"\rho", "spectral radius"),),
        "In the long run a change is multiplied by ρ a step.",
        "eigenvalues",
        {"eigview": "Again and again"},
        there.square,
    ),
    Entry(
        "Growth on the way",
        lines(r"\rho(@W)^t &\le \|@W^t\| \le 2\,r(@W)^t", r"r(@W) &= \max_{\|x\|=1} |x^* @W x|"),
        ((r"\rho", "spectral radius"), ("r", "numerical radius")),
        "A matrix whose eigenvectors almost agree may grow long before it dies; if they are orthogonal, the norm is ρ to the t.",
        "eigenvalues",
        {"eigview": "Growth on the way"},
        there.powers,
    ),
    Entry(
        "Pseudospectrum",
        r"\sigma_\epsilon(@W) = \{z : \sigma_{\min}(zI - @W) < \epsilon\}",
        ((r"\epsilon", "size of a change of the matrix"), (r"\sigma_{\min}", "smallest singular value")),
        "Where the eigenvalues may move to when the matrix is changed by ε.",
        "eigenvalues",
        {"eigview": "Growth on the way"},
    ),
    Entry(
        "Spectra of large random matrices",
        lines(*(rf"\text{{{name}}} &:\ {ensemble.law}" for name, ensemble in ENSEMBLES.items())),
        (("p", "density of the eigenvalues"), ("r", "modulus"), (r"\varphi", "angle")),
        "The circular law and the semicircle; entries are scaled so that the spectrum keeps its size as n grows.",
        "eigenvalues",
        {"eigview": "Large matrices"},
    ),
    Entry(
        "Ripple of a small change",
        r"\Delta @a^L \approx J\,\Delta @x,\qquad J = \prod_l \mathrm{diag}\,f'(@Z^l)\,@W^l",
        (("J", "input–output Jacobian of the network"), (r"\Delta", "a small change")),
        "The singular values of J say by how much a change of the input grows or dies.",
        "ripples",
        {"ripview": "Through the network"},
        there.jacobian,
    ),
    Entry(
        "Order and chaos",
        ripples.STRETCH,
        (
            (r"\chi", "stretch of a small change a layer, squared"),
            (r"\sigma_w^2/n", "variance of the weights"),
            (r"\mathbb{E}", "mean over z"),
        ),
        "Below 1 a change dies in a deep random network, above 1 it grows; at the edge it can be trained.",
        "ripples",
        {"ripview": "Through depth"},
    ),
    Entry(
        "Hessian",
        lines(
            at_equals(curvature.HESSIAN),
            at_equals(curvature.CONDITION),
            r"H v &= \lim_{\epsilon\to0}\frac{\nabla @C(@theta + \epsilon v) - \nabla @C(@theta)}{\epsilon}",
        ),
        (("H", "all second derivatives"), (r"\lambda_i, v_i", "eigenvalue and eigenvector"), (r"\kappa", "condition number")),
        "Its eigenvalues are the curvatures of the cost. Hv needs no H: exact, by Pearlmutter's method.",
        "curvature",
        {"curvview": "Spectrum"},
        there.hessian,
    ),
    Entry(
        "An error along an eigenvector",
        curvature.ERROR,
        (("e_t", "distance from the minimum along it, at step t"), ALPHA, (r"\lambda", "curvature along it")),
        "Between 0 and 1 it dies out, between −1 and 0 it swings and dies out, beyond −1 it swings and grows.",
        "curvature",
        {"curvview": "Learning rate"},
        there.factor,
    ),
    Entry(
        "Gradient descent is stable",
        r"0 < @alpha < \frac{2}{\lambda_{\max}}",
        (ALPHA, (r"\lambda_{\max}", "largest curvature, the sharpness")),
        "On a quadratic, if and only if.",
        "optimizers",
        {"surface": "ravine", "opt": ["sgd"]},
        there.limit,
    ),
    Entry(
        "With momentum it is stable",
        lines(
            r"\text{heavy ball:}\quad 0 < @alpha &< \frac{2(1+\beta)}{\lambda_{\max}}",
            r"\text{exponential average:}\quad 0 < @alpha &< \frac{2(1+\beta)}{(1-\beta)\,\lambda_{\max}}",
            r"\text{Nesterov:}\quad 0 < @alpha &< \frac{2(1+\beta)}{(1+2\beta)\,\lambda_{\max}}",
        ),
        (ALPHA, (r"\beta", "memory, 0 ≤ β < 1"), (r"\lambda_{\max}", "largest curvature")),
        "For positive curvature. Nesterov in PyTorch's form.",
        "optimizers",
        {"surface": "ravine", "opt": ["heavy_ball", "momentum", "nesterov"]},
        there.momentum_limits,
    ),
    Entry(
        "Edge of stability",
        r"\lambda_{\max}\big(\nabla^2 @C(@theta_t)\big) \;\text{against}\; \frac{2}{@alpha}",
        ((r"@theta_t", "parameters at step t"), ALPHA, (r"\lambda_{\max}", "sharpness")),
        "In full-batch training sharpness tends to rise until it meets 2/α, and to stay there.",
        "curvature",
        {"curvview": "Edge of stability"},
        there.edge,
    ),
    Entry(
        "Flat and sharp minima",
        curvature.FLATNESS,
        ((r"@theta^*", "a minimum"), ("v_1", "its steepest direction"), ("r", "a small step")),
        "What a step away from a minimum costs at most.",
        "curvature",
        {"curvview": "Flat and sharp minima"},
        there.flatness,
    ),
)
