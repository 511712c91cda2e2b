"""Run the PyTorch script of each experiment with PyTorch and store what it printed: scripts.json. Needs torch.

python -m tests.references.make_scripts
"""

import contextlib
import hashlib
import io
import json
import re
from pathlib import Path

from nnviz.formulas.torch_script import torch_script
from tests.references.script_recipes import RECIPES


def printed(script):
    """What a script prints, by name."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "script", "exec"), {})
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in out.getvalue().splitlines())}


def fingerprint(script):
    """Of the program without the numbers it carries, whose last digits may differ from one processor to another."""
    return hashlib.sha256(re.sub(r'"{1,3}[A-Za-z0-9+/=\s]{20,}"{1,3}', "…", script).encode()).hexdigest()


if __name__ == "__main__":
    scripts = {name: torch_script(recipe) for name, recipe in RECIPES.items()}
    stored = {name: {"script": fingerprint(script), "printed": printed(script)} for name, script in scripts.items()}
    Path(__file__).with_name("scripts.json").write_text(json.dumps(stored, indent=1) + "\n")
