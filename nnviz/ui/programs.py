"""The experiment as scripts to take home: what is on the screen, told to `formulas/scripts.py` and `formulas/torch_script.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnviz.core.datasets import DATASETS, with_features
from nnviz.core.optimizers import ClippedByNorm
from nnviz.core.schedules import as_schedule
from nnviz.formulas.scripts import Recipe, registered_data, table_data
from nnviz.ui import runs, sidebar, uploads
from nnviz.ui.experiment import Experiment


def recipe(chosen: Experiment) -> Recipe:
    """What the scripts reproduce: the experiment, its current point, and the training run as it stands, or as it would be.

    Raises
    ------
    ValueError
        Data that are not those the sidebar describes, because something in it has a mistake.
    """
    return Recipe(
        title=f"{chosen.data.title}, {chosen.sizes}",
        data=chosen.data,
        data_lines=_data_lines(chosen),
        network=chosen.network,
        loss=chosen.loss,
        initializer=chosen.initializer,
        seed=chosen.seed,
        theta=chosen.theta,
        l2=chosen.l2,
        **_training(chosen),
    )


def note(chosen: Experiment) -> str:
    """What of the training a script leaves out, as a sentence."""
    kept = runs.latest(chosen)
    return "The run was forked: the scripts hold where the network stands, not its training." if kept is not None and kept.former else ""


def _training(chosen: Experiment) -> dict[str, Any]:
    kept = runs.latest(chosen)
    if kept is None:
        return _planned(chosen)
    run, settings = kept.run, kept.run.settings
    start = run.theta[0]
    return {
        "optimizer": settings.optimizer,
        "batch_size": settings.batch_size,
        "steps": 0 if kept.former else int(run.step[-1]),
        "train_l2": float(np.max(settings.l2)),
        "train_l1": float(np.max(settings.l1)),
        "schedule": settings.schedule,
        "train_seed": settings.seed,
        "start": None if np.array_equal(start, chosen.initial_theta) else start,
    }


def _planned(chosen: Experiment) -> dict[str, Any]:
    """The training that the page Training would begin now."""
    plan = runs.planned()
    m = len(chosen.data.train)
    steps = int(np.ceil(plan.epochs * -(-m // min(chosen.batch_size, m))))
    return {
        "optimizer": chosen.optimizer if plan.clip_norm is None else ClippedByNorm(chosen.optimizer, plan.clip_norm),
        "batch_size": chosen.batch_size,
        "steps": steps,
        "train_l2": chosen.l2,
        "train_l1": plan.l1,
        "schedule": None if plan.schedule == runs.NO_SCHEDULE else as_schedule(plan.schedule, steps),
    }


def _data_lines(chosen: Experiment) -> tuple[str, ...]:
    """Python that makes the data, once it is sure that it makes these data."""
    settings = dict(chosen.settings)
    table = uploads.kept_table() if settings["data"] == sidebar.OWN_FILE else None
    made_of = uploads.made_of(table) if table is not None else None
    drawn: dict[str, Any] = {"test_fraction": float(settings["test"]), "seed": int(settings["dataseed"]), "noise": float(settings["noise"])}
    samples = int(settings["samples"]) or None
    if table is not None and made_of is not None:
        return table_data(f"{table.name}.csv", table.digest, *made_of)
    source = DATASETS.get(settings["data"])
    if source is not None:
        samples = samples if samples is None or source.size is None else min(samples, source.size)
        options = {"expression": settings["expression"]} if source.name == "function" else {}
        made = sidebar.made(source.name, samples, drawn["noise"], drawn["test_fraction"], drawn["seed"], tuple(options.items()))
        features = chosen.data.feature_names if chosen.data.feature_names != made.feature_names else ()
        if (with_features(made, features) if features else made) == chosen.data:
            return registered_data(source.name, samples, options=options, features=features, **drawn)
    raise ValueError("The data on the screen are the former ones, since the sidebar's have a mistake: mend it there, then take the script.")
