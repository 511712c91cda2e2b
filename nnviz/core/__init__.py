"""The mathematics: NumPy and SciPy alone. No drawing, no Streamlit: it works in a notebook where neither is installed.

Parameters are one flat vector `theta`, (..., P), in the order of `torch.nn.utils.parameters_to_vector`; every function takes its leading
batch dimensions along. Everything that can be descended is an `nnviz.core.objectives.Objective`.

| to | see |
| --- | --- |
| compute a network | `nnviz.core.network`, `nnviz.core.activations`, `nnviz.core.losses`, `nnviz.core.initializers` |
| have a cost with gradient and Hessian | `nnviz.core.objectives`, `nnviz.core.surfaces` |
| descend it | `nnviz.core.descent`, `nnviz.core.optimizers`, `nnviz.core.schedules` |
| learn from data | `nnviz.core.datasets`, `nnviz.core.training`, `nnviz.core.runs`, `nnviz.core.comparison` |
| understand a gradient | `nnviz.core.backpropagation`, `nnviz.core.gradient_check`, `nnviz.core.gradient_depth` |
| look at the cost around a point | `nnviz.core.landscape`, `nnviz.core.planes`, `nnviz.core.curvature`, `nnviz.core.spectra` |
| ask whether a change grows | `nnviz.core.stability`, `nnviz.core.ripples`, `nnviz.core.depth`, `nnviz.core.edge_of_stability` |
| run very many at once | `nnviz.core.sweep`, `nnviz.core.maps`, `nnviz.core.axes`, `nnviz.core.marching` |
| convolve | `nnviz.core.convolution`, `nnviz.core.pooling`, `nnviz.core.conv_stack`, `nnviz.core.filters` |
| go through time | `nnviz.core.recurrent_network`, `nnviz.core.recurrent`, `nnviz.core.sequences`, `nnviz.core.far_gradient` |
| count what it costs | `nnviz.core.complexity` |
| read and write models and tables | `nnviz.core.weights`, `nnviz.core.tables` |

Examples
--------
>>> from nnviz.core.datasets import DATASETS
>>> from nnviz.core.network import Network
>>> from nnviz.core.training import train
>>> network = Network(sizes=(4, 8, 3), activations=("tanh", "softmax"))
>>> run = train(network, "cross_entropy", DATASETS["iris"](), "adam", epochs=60, seed=0)
>>> run.theta.shape, bool(run.train_cost[-1] < run.train_cost[0])
((60, 67), True)
"""
