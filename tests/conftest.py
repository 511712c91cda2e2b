"""What all tests share: hypothesis with a fixed example order, so that a failure here is a failure everywhere."""

from hypothesis import HealthCheck, settings

settings.register_profile("nnviz", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nnviz")

collect_ignore = ["references"]  # the scripts that made the stored numbers need PyTorch
