"""Golden numbers of PyTorch's RNN in float64, kept in recurrent.npz beside this file.

Run with a Python that has PyTorch: `python tests/references/make_recurrent.py`. The tests read the numbers, never PyTorch.
`whole` is back-propagation through all steps, `cut` with a detach every 4 steps; `pairs` are the norms of ∂h_t/∂h_s by autograd.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

torch.set_default_dtype(torch.float64)
STEPS, INPUTS, HIDDEN, OUTPUTS, SAMPLES, STRETCH = 11, 2, 5, 3, 4, 4
LOSSES = {
    "half_squared_error": lambda y, t: 0.5 * ((y - t) ** 2).sum(dim=-1),
    "cross_entropy": lambda y, t: -(t * functional.log_softmax(y, dim=-1)).sum(dim=-1),
}


def run(rnn, readout, X, stretch=None):
    """Outputs (T, m, k), with a detach between stretches if asked."""
    if stretch is None:
        return readout(rnn(X)[0])
    outputs, h = [], torch.zeros(1, SAMPLES, HIDDEN)
    for part in X.split(stretch):
        states, h = rnn(part, h.detach())
        outputs.append(readout(states))
    return torch.cat(outputs)


def gradients(rnn, readout, C):
    """∂C/∂ each block, a bias once: PyTorch's second recurrent bias is 0 here and has the same gradient."""
    blocks = {"W_xh": rnn.weight_ih_l0, "W_hh": rnn.weight_hh_l0, "b_h": rnn.bias_ih_l0, "W_hy": readout.weight, "b_y": readout.bias}
    return {name: gradient.numpy() for name, gradient in zip(blocks, torch.autograd.grad(C, list(blocks.values())), strict=True)}


def main() -> None:
    """Write weights, data, outputs, costs, gradients and norms for tanh and relu."""
    kept = {}
    for f in ("tanh", "relu"):
        torch.manual_seed(1)
        rnn, readout = torch.nn.RNN(INPUTS, HIDDEN, nonlinearity=f), torch.nn.Linear(HIDDEN, OUTPUTS)
        torch.nn.init.zeros_(rnn.bias_hh_l0)
        X, T = torch.randn(STEPS, SAMPLES, INPUTS), torch.softmax(torch.randn(STEPS, SAMPLES, OUTPUTS), dim=-1)
        told = torch.rand(STEPS, SAMPLES) < 0.7
        blocks = {"W_xh": rnn.weight_ih_l0, "W_hh": rnn.weight_hh_l0, "b_h": rnn.bias_ih_l0, "W_hy": readout.weight, "b_y": readout.bias}
        kept |= {f"{f}/{name}": value.detach().numpy() for name, value in blocks.items()}
        targets = torch.where(told[..., None], T, torch.nan)
        kept |= {f"{f}/X": X.permute(0, 2, 1).numpy(), f"{f}/Y": targets.permute(0, 2, 1).numpy()}
        kept[f"{f}/output"] = run(rnn, readout, X).detach().permute(0, 2, 1).numpy()
        for loss, values in LOSSES.items():
            for way, stretch in (("whole", None), ("cut", STRETCH)):
                C = values(run(rnn, readout, X, stretch), T)[told].mean()
                kept[f"{f}/{loss}/{way}/C"] = C.item()
                kept |= {f"{f}/{loss}/{way}/{name}": gradient for name, gradient in gradients(rnn, readout, C).items()}
        kept[f"{f}/pairs"] = norms(rnn, X[:, :1])
    np.savez_compressed(Path(__file__).with_name("recurrent.npz"), **kept)


def norms(rnn, X):
    """‖∂h_t/∂h_s‖₂ for all pairs, each Jacobian by autograd from a run that starts at h_s."""
    states, pairs = rnn(X)[0].detach(), np.eye(STEPS)
    for s in range(STEPS):
        for t in range(s + 1, STEPS):
            jacobian = torch.autograd.functional.jacobian(lambda h, s=s, t=t: rnn(X[s + 1 : t + 1], h)[1], states[s : s + 1])
            pairs[t, s] = torch.linalg.matrix_norm(jacobian.reshape(HIDDEN, HIDDEN), 2).item()
    return pairs


if __name__ == "__main__":
    main()
