"""Experiments whose scripts are run by the tests, and by PyTorch for the stored numbers."""

import numpy as np

from nnviz.core.datasets import DATASETS, with_features
from nnviz.core.losses import get_loss
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm
from nnviz.core.schedules import SCHEDULES
from nnviz.formulas.scripts import Recipe, registered_data
from nnviz.formulas.torch_script import LACKING

KINDS = ("identity", "leaky_relu", "elu", "selu", "softplus", "gelu", "silu", "mish", "hardsigmoid", "hardtanh", "softsign", "softmax")


def recipe(data="moons", hidden=("tanh",), output="sigmoid", loss="binary_cross_entropy", optimizer="adam", features=(), **more):
    """A small experiment; `rate` and `clip` are the optimiser's, `edits` the weights that were changed by hand."""
    samples, noise = more.pop("samples", 60), more.pop("noise", 0.1)
    rate, clip, edits = more.pop("rate", 0.02), more.pop("clip", None), more.pop("edits", {})
    made = DATASETS[data](samples=samples, noise=noise, test_fraction=0.3, seed=2)
    made = with_features(made, features) if features else made
    network = Network((made.X.shape[0], *(5,) * len(hidden), made.Y.shape[0]), (*hidden, output))
    theta = network.initialize("glorot_uniform", seed=1)
    theta[list(edits)] = list(edits.values())
    chosen = OPTIMIZERS[optimizer](learning_rate=rate, **({"shapes": network} if optimizer == "muon" else {}))
    chosen = chosen if clip is None else ClippedByNorm(chosen, clip)
    settings = {"initializer": "glorot_uniform", "seed": 1, "theta": theta, "optimizer": chosen, "batch_size": 16, "steps": 40} | more
    lines = registered_data(data, samples, noise, 0.3, 2, {}, features)
    return Recipe(f"{data}, {optimizer}", made, lines, network, get_loss(loss), **settings)


def _many_edits():
    return dict(enumerate(np.linspace(-1, 1, 101).tolist()[:45]))


RECIPES = {
    "two classes": recipe(),
    "three classes, edited, penalties": recipe(
        "iris", ("relu", "sigmoid"), "softmax", "cross_entropy", edits={3: 0.25}, l2=0.02, train_l2=0.01, train_l1=0.003, train_seed=5
    ),
    "weights of another place": recipe("iris", ("tanh", "tanh"), "softmax", "cross_entropy", edits=_many_edits()),
    "regression, huber, all samples": recipe("plane", ("tanh",), "identity", "huber(0.5)", batch_size=1000),
    "absolute error, features": recipe("moons", ("tanh",), "tanh", "absolute_error", features=("x1", "x1^2", "sin(x2)")),
    "a schedule and clipping": recipe(clip=0.1, schedule=SCHEDULES["cosine"](T_max=40)),
    **{f"optimiser {name}": recipe(optimizer=name) for name in OPTIMIZERS if name not in LACKING},
    **{f"activation {name}": recipe(hidden=(name,), output="identity", loss="half_squared_error", steps=20) for name in KINDS},
}
