"""Golden numbers of PyTorch's activations, losses and dense networks in float64, kept in network.npz beside this file.

Run with a Python that has PyTorch: `python tests/references/make_network.py`. The tests read the numbers, never PyTorch.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

# The kinks -3, -1, 0, 1, 3 are points of the grid: what PyTorch takes there is part of the reference.
Z = torch.linspace(-12, 12, 97)
ACTIVATIONS = (
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "softplus",
    "gelu",
    "silu",
    "mish",
    "hardsigmoid",
    "hardtanh",
    "softsign",
)
LOGITS = torch.randn(3, 4) * 3
ONE_HOT, SOFT, BITS, NUMBERS = (
    torch.eye(3)[[0, 2, 2, 1]].T,
    torch.softmax(torch.randn(3, 4), 0),
    torch.randint(0, 2, (3, 4)) * 1.0,
    torch.randn(3, 4),
)
LOSSES = {
    "half_squared_error": (lambda a, y: 0.5 * functional.mse_loss(a, y, reduction="none"), LOGITS, NUMBERS),
    "huber": (lambda a, y: functional.huber_loss(a, y, reduction="none"), LOGITS, NUMBERS),
    "huber(0.5)": (lambda a, y: functional.huber_loss(a, y, reduction="none", delta=0.5), LOGITS, NUMBERS),
    "absolute_error": (lambda a, y: functional.l1_loss(a, y, reduction="none"), LOGITS, NUMBERS),
    "binary_cross_entropy": (lambda a, y: functional.binary_cross_entropy(a, y, reduction="none"), torch.sigmoid(LOGITS), BITS),
    "cross_entropy": (lambda a, y: -(y * torch.log(a)), torch.softmax(LOGITS, 0), SOFT),
    "logits/binary_cross_entropy": (lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction="none"), LOGITS, BITS),
    "logits/cross_entropy": (lambda z, y: functional.cross_entropy(z.T, y.T, reduction="none"), LOGITS, SOFT),
    "logits/one_hot": (lambda z, y: functional.cross_entropy(z.T, y.argmax(0), reduction="none"), LOGITS, ONE_HOT),
}
MODULES = {
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "softmax": nn.Softmax(dim=1),
    "identity": nn.Identity(),
}
X = torch.randn(2, 3)
NETWORKS = {
    "bits": ((2, 4, 3, 1), ("tanh", "gelu", "sigmoid"), lambda a, y: functional.binary_cross_entropy(a.T, y), BITS[:1, :3]),
    "classes": ((2, 5, 3), ("silu", "softmax"), lambda a, y: -(y * torch.log(a.T)).sum(0).mean(), SOFT[:, :3]),
    "numbers": ((2, 3, 4, 3), ("softmax", "tanh", "identity"), lambda a, y: 0.5 * ((a.T - y) ** 2).sum(0).mean(), NUMBERS[:, :3]),
    "squares": ((2, 3, 3), ("sigmoid", "softmax"), lambda a, y: 0.5 * ((a.T - y) ** 2).sum(0).mean(), ONE_HOT[:, :3]),
}


def with_slope(function, x):
    """A function's values and the gradient of their sum."""
    x = x.detach().clone().requires_grad_()
    value = function(x)
    return value.detach().numpy(), torch.autograd.grad(value.sum(), x)[0].numpy()


def network_case(sizes, activations, cost, Y):
    """Parameters as parameters_to_vector lines them up, with the output, the cost, its gradient and its Hessian there; m = 3."""
    model = nn.Sequential()
    for n, k, name in zip(sizes[:-1], sizes[1:], activations, strict=True):
        model.extend([nn.Linear(n, k), MODULES[name]])
    theta = parameters_to_vector(model.parameters()).detach()
    names, shapes = zip(*((name, parameter.shape) for name, parameter in model.named_parameters()), strict=True)

    def output(vector):
        parts = vector.split([shape.numel() for shape in shapes])
        parameters = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return torch.func.functional_call(model, parameters, (X.T,))

    C = lambda vector: cost(output(vector), Y)  # noqa: E731
    return {
        "sizes": sizes, "activations": activations, "theta": theta, "Y": Y, "output": output(theta).T, "cost": C(theta),
        "gradient": torch.func.grad(C)(theta), "hessian": torch.func.hessian(C)(theta),
    }  # fmt: skip


def main() -> None:
    """Write `activation/<name>/…`, `loss/<name>/…` and `network/<name>/…`."""
    kept = {"Z": Z.numpy(), "X": X.numpy(), "LOGITS": LOGITS.numpy()}
    for name in ACTIVATIONS:
        value, slope = with_slope(getattr(functional, name), Z)
        kept |= {f"activation/{name}/value": value, f"activation/{name}/slope": slope}
    kept["activation/softmax/value"] = torch.softmax(LOGITS, 0).numpy()
    kept["activation/softmax/jacobian"] = torch.func.vmap(torch.func.jacrev(lambda z: torch.softmax(z, 0)), in_dims=1)(LOGITS).numpy()
    for name, (function, a, y) in LOSSES.items():
        value, slope = with_slope(lambda x, function=function, y=y: function(x, y), a)
        value = value.sum(0) if value.ndim == 2 else value
        kept |= {f"loss/{name}/{part}": array for part, array in (("a", a.numpy()), ("y", y.numpy()), ("value", value), ("slope", slope))}
    for name, case in NETWORKS.items():
        kept |= {f"network/{name}/{part}": np.asarray(array) for part, array in network_case(*case).items()}
    np.savez_compressed(Path(__file__).with_name("network.npz"), **kept)


if __name__ == "__main__":
    main()
