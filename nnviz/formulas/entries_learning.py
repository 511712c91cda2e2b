"""Formulas of the catalogue: optimisers, linear algebra and stability."""

from __future__ import annotations

from nnviz.formulas import live
from nnviz.formulas.entry import ALPHA, Entry, T, W, lines
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
        TITLES[name],
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
    ),
    Entry(
        "Clipping",
        r"g \leftarrow g\cdot\min\!\Big(1, \frac{c}{\|g\|}\Big)",
        (("g", "gradient"), ("c", "its greatest length")),
        "Keeps the direction; a run that would explode goes on.",
        "optimizers",
        {"clip": 1.0},
    ),
)

STABILITY = (
    Entry(
        "A matrix as a map of the plane",
        r"x \mapsto @W x",
        (W,),
        "Squares become parallelograms; their area is multiplied by |det W|.",
        "eigenvalues",
        {},
    ),
    Entry(
        "Eigenvalues and eigenvectors",
        r"@W v = \lambda v,\qquad \det(@W - \lambda I) = 0",
        ((r"\lambda", "eigenvalue"), ("v", "eigenvector: a line that is kept")),
        "",
        "eigenvalues",
        {},
        live.square,
    ),
    Entry(
        "Singular values",
        r"@W = U\Sigma V^\top,\qquad \sigma_i = \sqrt{\lambda_i(@W^\top @W)}",
        ((r"\sigma_i", "lengths of the axes of the ellipse that a circle becomes"),),
        "",
        "eigenvalues",
        {},
        live.singular,
    ),
    Entry(
        "Spectral radius",
        r"\rho(@W) = \max_i |\lambda_i|",
        ((r"\rho", "spectral radius"),),
        "In the long run a change is multiplied by ρ a step.",
        "eigenvalues",
        {},
    ),
    Entry(
        "Ripple of a small change",
        r"x_{t+1} = @W x_t,\qquad \Delta @a^L \approx J\,\Delta @x,\quad J = \prod_l \mathrm{diag} " r"f'(@Z^l)\,@W^l",
        (("J", "input–output Jacobian of the network"),),
        "The singular values of J say by how much a change of the input grows or dies.",
        "ripples",
        {"ripview": "Through the network"},
        live.jacobian,
    ),
    Entry(
        "Hessian",
        r"H = \nabla^2 @C,\qquad \kappa = \lambda_{\max}/\lambda_{\min},\qquad H v = "
        r"\lim_{\epsilon\to0}\frac{\nabla @C(@theta + \epsilon v) - \nabla @C(@theta)}{\epsilon}",
        (("H", "all second derivatives"), (r"\kappa", "condition number"), ("Hv", "needs no H: exact, by Pearlmutter's method")),
        "Its eigenvalues are the curvatures of the cost.",
        "curvature",
        {},
    ),
    Entry(
        "Gradient descent is stable",
        r"0 < @alpha < \frac{2}{\lambda_{\max}}",
        (ALPHA, (r"\lambda_{\max}", "largest curvature, the sharpness")),
        "On a quadratic, if and only if.",
        "optimizers",
        {"surface": "ravine", "opt": ["sgd"]},
        live.edge,
    ),
    Entry(
        "With momentum it is stable",
        lines(
            r"\text{heavy ball:}\quad 0 < @alpha &< \frac{2(1+\beta)}{\lambda_{\max}}",
            r"\text{exponential average:}\quad 0 < @alpha &< \frac{2(1+\beta)}{(1-\beta)\,\lambda_{\max}}",
            r"\text{Nesterov:}\quad 0 < @alpha &< \frac{2(1+\beta)}{(1+2\beta)\,\lambda_{\max}}",
        ),
        (ALPHA, (r"\beta", "memory, 0 ≤ β < 1")),
        "For positive curvature. Nesterov in PyTorch's form.",
        "optimizers",
        {"surface": "ravine", "opt": ["heavy_ball", "momentum", "nesterov"]},
    ),
    Entry(
        "Edge of stability",
        r"\lambda_{\max}\big(\nabla^2 @C(@theta_t)\big) \;\text{against}\; \frac{2}{@alpha}",
        ((r"@theta_t", "parameters at step t"),),
        "In full-batch training sharpness tends to rise until it meets 2/α, and to stay there.",
        "curvature",
        {},
        live.edge,
    ),
)
