"""The experiment as a PyTorch program in float64 that carries its data, its weights and the order of its batches.

What PyTorch lacks, or does otherwise, is refused in a sentence. Where only a detail differs (the first step of momentum, the threshold of
softplus) the script follows ours.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from nnviz.core.activations import get_activation
from nnviz.core.optimizers import ClippedByNorm, Optimizer
from nnviz.core.schedules import as_schedule, factors_at
from nnviz.formulas.scripts import MOST_NUMBERS, Recipe, packed, plain, scheduled

MODULES = {
    "identity": "Identity()", "sigmoid": "Sigmoid()", "tanh": "Tanh()", "relu": "ReLU()", "leaky_relu": "LeakyReLU()", "elu": "ELU()",
    "selu": "SELU()", "softplus": "Softplus(threshold=40)", "gelu": "GELU()", "silu": "SiLU()", "mish": "Mish()",
    "hardsigmoid": "Hardsigmoid()", "hardtanh": "Hardtanh()", "softsign": "Softsign()", "softmax": "Softmax(dim=1)",
}  # fmt: skip

TORCH_OPTIMIZERS = {  # our name → PyTorch's call, in our hyperparameters
    "sgd": "SGD(parameters, lr={learning_rate})",
    "momentum": "SGD(parameters, lr={learning_rate}, momentum={beta}, dampening={beta})",
    "heavy_ball": "SGD(parameters, lr={learning_rate}, momentum={beta})",
    "nesterov": "SGD(parameters, lr={learning_rate}, momentum={beta}, nesterov=True)",
    "adagrad": "Adagrad(parameters, lr={learning_rate}, eps={epsilon})",
    "rmsprop": "RMSprop(parameters, lr={learning_rate}, alpha={beta}, eps={epsilon})",
    "adadelta": "Adadelta(parameters, lr={learning_rate}, rho={rho}, eps={epsilon})",
    "adam": "Adam(parameters, lr={learning_rate}, betas=({beta1}, {beta2}), eps={epsilon})",
    "adamw": "AdamW(parameters, lr={learning_rate}, betas=({beta1}, {beta2}), eps={epsilon}, weight_decay={weight_decay})",
    "amsgrad": "Adam(parameters, lr={learning_rate}, betas=({beta1}, {beta2}), eps={epsilon}, amsgrad=True)",
    "nadam": "NAdam(parameters, lr={learning_rate}, betas=({beta1}, {beta2}), eps={epsilon}, momentum_decay={momentum_decay})",
    "radam": "RAdam(parameters, lr={learning_rate}, betas=({beta1}, {beta2}), eps={epsilon})",
}
LACKING = {
    "lion": "PyTorch has no Lion optimiser",
    "newton": "PyTorch has no Newton optimiser",
    "lbfgs": "PyTorch's LBFGS searches along its lines in another way and would give other numbers",
    "muon": "PyTorch's Muon works in bfloat16 and would give other numbers",
}
TORCH_LOSSES = {
    "half_squared_error": "0.5 * (output - Y) ** 2",
    "absolute_error": "(output - Y).abs()",
    "binary_cross_entropy": 'F.binary_cross_entropy_with_logits(output, Y, reduction="none")',
    "cross_entropy": "-Y * F.log_softmax(output, dim=1)",
}


def torch_script(recipe: Recipe) -> str:
    """A Python program that needs PyTorch alone, in float64, with data, weights and the order of the batches in it.

    Raises
    ------
    ValueError
        An activation, loss or optimiser that PyTorch lacks or does otherwise, or more numbers than a script should carry.
    """
    loss, fused = _torch_loss(recipe)
    numbers = sum(part.X.size + part.Y.size for part in (recipe.data.train, recipe.data.test)) + 3 * recipe.theta.size
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"data and weights are {numbers:,} numbers, and a PyTorch script carries at most {MOST_NUMBERS:,}: take fewer samples"
        )
    lines = [
        f'"""{plain(recipe.title)}, as nnviz shows it. Needs PyTorch alone; data, weights and the order of the batches are below."""',
        "",
        "import base64",
        "import zlib",
        "",
        "import torch",
        "import torch.nn.functional as F",
        "",
        "torch.set_default_dtype(torch.float64)",
        "",
        "",
        "def unpack(text, *shape, kind=torch.float64):",
        "    return torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=kind).reshape(shape)",
        "",
        "",
        *_torch_model(recipe, fused),
        "parameters = list(model.parameters())",
        "",
        "",
        "def cost(X, Y):",
        "    output = model(X)",
        f"    return ({loss}).sum(dim=1).mean()",
        "",
        "",
        "def penalty(l2, l1):",
        "    weights = [p for p in parameters if p.ndim == 2]",
        "    return sum(l2 / 2 * (W**2).sum() + l1 * W.abs().sum() for W in weights)",
        "",
        "",
        *_torch_report(recipe.l2),
        *_torch_numbers(recipe),
        *_torch_training(recipe),
    ]
    return "\n".join(lines) + "\n"


def _torch_loss(recipe: Recipe) -> tuple[str, bool]:
    loss, output = recipe.loss, get_activation(recipe.network.activations[-1])
    if loss.name.startswith("huber"):
        delta = float(loss.name[6:-1]) if "(" in loss.name else 1.0
        return f'F.huber_loss(output, Y, reduction="none", delta={delta!r})', False
    if loss.from_logits is not None and not loss.fuses_with(output):
        raise ValueError(
            f"{loss.name} is told from the logits of {loss.from_logits.activation}, and the output is {output.name[:40]}: take that"
        )
    if loss.name not in TORCH_LOSSES:
        raise ValueError(f"PyTorch has no loss like {loss.name[:40]}: choose one of {', '.join(TORCH_LOSSES)} or huber")
    return TORCH_LOSSES[loss.name], loss.from_logits is not None


def _torch_model(recipe: Recipe, fused: bool) -> list[str]:
    """The layers; where the loss takes logits the output's activation is in the loss."""
    sizes, names = recipe.network.sizes, list(recipe.network.activations)
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        raise ValueError(f"PyTorch has no activation {unknown[0][:60]!r}: choose one of {', '.join(MODULES)} for its script")
    lines = ["model = torch.nn.Sequential("]
    for layer, (n, k, name) in enumerate(zip(sizes[:-1], sizes[1:], names, strict=True)):
        last = layer == len(names) - 1
        after = "" if last and fused else f" torch.nn.{MODULES[name]},"
        lines.append(f"    torch.nn.Linear({n}, {k}),{after}")
    return [*lines, ")" + (f"  # {names[-1]} is in the loss" if fused else "")]


def _torch_report(l2: float) -> list[str]:
    return [
        "def report(theta, cost_name, norm_name):",
        "    torch.nn.utils.vector_to_parameters(theta.clone(), parameters)",
        f"    value = cost(train_X, train_Y) + penalty({l2!r}, 0.0)",
        "    gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(value, parameters)])",
        '    print(f"{cost_name}: {value.item()!r}")',
        '    print(f"{norm_name}: {gradient.norm().item()!r}")',
        "",
        "",
    ]


def _torch_numbers(recipe: Recipe) -> list[str]:
    lines = []
    for name, part in (("train", recipe.data.train), ("test", recipe.data.test)):
        if len(part):
            for symbol, values in (("X", part.X.T), ("Y", part.Y.T)):
                lines.append(f"{name}_{symbol} = unpack({packed(values, '<f8')}, {values.shape[0]}, {values.shape[1]})")
    lines.append(f"initial = unpack({packed(recipe.initial, '<f8')}, -1)")
    lines.append('report(initial, "initial cost", "gradient norm")')
    if recipe.moved:
        lines.append(f"theta = unpack({packed(recipe.theta, '<f8')}, -1)")
        lines.append('report(theta, "cost at the current point", "gradient norm at the current point")')
    return lines


def _torch_training(recipe: Recipe) -> list[str]:
    if not recipe.steps:
        return []
    made, clip = _torch_optimizer(recipe.optimizer)
    m, size = len(recipe.data.train), recipe.batch
    whole = size == m
    start = "initial" if recipe.start is None else f"unpack({packed(recipe.start, '<f8')}, -1)"
    lines = ["", f"torch.nn.utils.vector_to_parameters({start}.clone(), parameters)", *made]
    if not whole:
        order = recipe.permutations()
        lines.append(f"order = unpack({packed(order, '<i4')}, {order.shape[0]}, {m}, kind=torch.int32).long()  # of the samples, by epoch")
    if scheduled(recipe):
        factors = factors_at(as_schedule(recipe.schedule, recipe.steps), np.arange(recipe.steps))
        lines.append(f"rates = {_base_rate(recipe.optimizer)!r} * unpack({packed(factors, '<f8')}, -1)  # the schedule")
    lines.append(f"for step in range({recipe.steps}):")
    if not whole:
        lines += [
            f"    epoch, batch = divmod(step, {-(-m // size)})",
            f"    rows = order[epoch, batch * {size} : (batch + 1) * {size}]",
        ]
    rows = "train_X, train_Y" if whole else "train_X[rows], train_Y[rows]"
    lines += [
        *(['    optimizer.param_groups[0]["lr"] = rates[step].item()'] if scheduled(recipe) else []),
        "    optimizer.zero_grad()",
        f"    (cost({rows}) + penalty({recipe.train_l2!r}, {recipe.train_l1!r})).backward()",
        *([f"    torch.nn.utils.clip_grad_norm_(parameters, {clip!r})"] if clip is not None else []),
        "    optimizer.step()",
        "with torch.no_grad():",
        f'    print(f"train cost after {recipe.steps} steps: {{cost(train_X, train_Y).item()!r}}")',
        *([f'    print(f"test cost after {recipe.steps} steps: {{cost(test_X, test_Y).item()!r}}")'] if len(recipe.data.test) else []),
    ]
    return lines


def _torch_optimizer(optimizer: Optimizer) -> tuple[list[str], float | None]:
    """The lines that make it, and the length to which gradients are clipped."""
    if isinstance(optimizer, ClippedByNorm):
        return _torch_optimizer(optimizer.optimizer)[0], float(np.max(optimizer.max_norm))
    call = TORCH_OPTIMIZERS.get(optimizer.name)
    if call is None:
        told = LACKING.get(optimizer.name, f"PyTorch has no optimiser like {optimizer.name[:40]}")
        raise ValueError(f"{told}: choose another, such as adam or sgd, for the PyTorch script")
    if not getattr(optimizer, "bias_correction", True):
        raise ValueError(f"PyTorch's {optimizer.name} always corrects its bias: switch the correction on for the PyTorch script")
    values = {f.name: repr(getattr(optimizer, f.name)) for f in fields(optimizer)}  # type: ignore[arg-type]
    lines = [f"optimizer = torch.optim.{call.format(**values)}"]
    if optimizer.name == "momentum":
        lines += [
            "for p in parameters:  # PyTorch would begin with the first gradient, not with v = 0",
            '    optimizer.state[p]["momentum_buffer"] = torch.zeros_like(p)',
        ]
    return lines, None


def _base_rate(optimizer: Optimizer) -> float:
    return float(np.max(optimizer.learning_rate))
