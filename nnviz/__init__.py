"""nnviz: a microscope for neural networks. `nnviz.core` is the engine; the rest is the app around it."""
