"""How long nnviz takes against what a person would use instead: `python -m benchmarks`, a table of ratios measured in one run."""

import os

# One core for everybody. The libraries read this when they are first imported, so it stands here.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
