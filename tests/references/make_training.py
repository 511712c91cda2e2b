"""Writes training.json: held-out accuracy of scikit-learn's MLPClassifier on the data sets' own splits. Needs scikit-learn.

Run as `PYTHONPATH=. python tests/references/make_training.py`. Its alpha is l2·B, B the size of the mini-batch: it divides by that.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from nnviz.core.datasets import DATASETS

SETTINGS = {
    "iris": {"samples": None, "noise": 0.0, "hidden": 16, "optimizer": "adam", "rate": 0.01, "batch": 16, "epochs": 60, "l2": 1e-3},
    "penguins": {"samples": None, "noise": 0.3, "hidden": 16, "optimizer": "sgd", "rate": 0.1, "batch": 16, "epochs": 60, "l2": 1e-3},
    "digits": {"samples": 900, "noise": 0.0, "hidden": 32, "optimizer": "adam", "rate": 0.003, "batch": 32, "epochs": 25, "l2": 1e-3},
    "moons": {"samples": 300, "noise": 0.3, "hidden": 16, "optimizer": "adam", "rate": 0.02, "batch": 32, "epochs": 80, "l2": 1e-3},
}
SEEDS = range(12)


def accuracy(name: str, seed: int) -> float:
    s = SETTINGS[name]
    data = DATASETS[name](samples=s["samples"], noise=s["noise"], seed=seed)
    labels = [part.Y[0] if len(part.Y) == 1 else part.Y.argmax(axis=0) for part in (data.train, data.test)]
    model = MLPClassifier(
        (s["hidden"],), activation="tanh", solver=s["optimizer"], alpha=s["l2"] * s["batch"], batch_size=s["batch"],
        learning_rate_init=s["rate"], max_iter=s["epochs"], momentum=0.0, nesterovs_momentum=False, tol=0.0,
        n_iter_no_change=s["epochs"] + 1, random_state=seed,
    )  # fmt: skip
    model.fit(data.train.X.T, labels[0])
    return float(model.score(data.test.X.T, labels[1]))


def main() -> None:
    warnings.simplefilter("ignore")  # that it has not converged
    found = {name: [accuracy(name, seed) for seed in SEEDS] for name in SETTINGS}
    told = {"scikit-learn": sklearn.__version__, "settings": SETTINGS, "accuracy": found}
    Path(__file__).with_name("training.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for name, values in found.items():
        print(name, np.mean(values).round(4), np.std(values).round(4))


main()
