"""Makes `optimizers.npz`: 200 steps of each torch.optim method in float64 on a small problem that is not quadratic.

Run once, where PyTorch is installed: `python tests/references/make_optimizers.py`. The tests read the stored paths.
"""

from pathlib import Path

import numpy as np
import torch

STEPS = 200
torch.set_default_dtype(torch.float64)  # or NAdam keeps the product of its μ in float32


def cost(theta):
    """A tanh fit with a curved valley: convex nowhere near everywhere, and smooth. The test writes the same in NumPy."""
    x = torch.linspace(-2, 2, 7, dtype=torch.float64)
    model = theta[2] * torch.tanh(theta[0] * x + theta[1]) + theta[3]
    return ((model - torch.sin(2 * x)) ** 2).sum() + 0.1 * (theta[0] ** 2 - theta[3]) ** 2


# Where steps do not dance around a minimum, or rounding errors would grow to the size of theta within 200 steps.
NEAR, FAR = [0.4, -0.3, 0.8, 0.2], [2.0, -3.0, 4.0, 3.0]

METHODS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "heavy_ball": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "amsgrad": lambda p: torch.optim.Adam(p, amsgrad=True),
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adam fast": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3),
    "amsgrad fast": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3, amsgrad=True),
    "nadam fast": lambda p: torch.optim.NAdam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3, momentum_decay=0.1),
    "radam fast": lambda p: torch.optim.RAdam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3),
    "adam decayed": lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1),
    "sgd clipped by norm": lambda p: torch.optim.SGD(p, lr=0.05),
    "sgd clipped by value": lambda p: torch.optim.SGD(p, lr=0.05),
}
CLIPS = {
    "sgd clipped by norm": lambda p: torch.nn.utils.clip_grad_norm_(p, 0.5),
    "sgd clipped by value": lambda p: torch.nn.utils.clip_grad_value_(p, 0.25),
}
SCHEDULES = {
    "constant": lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1.0),
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=30, gamma=0.1),
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, gamma=0.95),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=100),
    "warmup": lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=1 / 3, total_iters=5),
    "one_cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=101, cycle_momentum=False),
}


def path(name):
    theta = torch.tensor(NEAR if name.startswith(("sgd", "heavy_ball", "nesterov")) else FAR, requires_grad=True)
    optimizer = METHODS[name]([theta])
    points = [theta.detach().numpy().copy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        cost(theta).backward()
        CLIPS.get(name, lambda p: None)([theta])
        optimizer.step()
        points.append(theta.detach().numpy().copy())
    return np.array(points)


def factors(make, steps=101):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < steps:
            schedule.step()
    return np.array(rates)


if __name__ == "__main__":
    stored = {name: path(name) for name in METHODS} | {f"schedule {name}": factors(make) for name, make in SCHEDULES.items()}
    np.savez_compressed(Path(__file__).with_name("optimizers.npz"), **stored)
    print({name: values[-1] for name, values in stored.items()})
