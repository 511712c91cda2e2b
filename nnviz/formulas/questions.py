"""What beginners ask, answered in a few sentences each, and where to read on: real books and papers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, its answer in Markdown, and the page that shows it."""

    question: str
    answer: str
    page: str


@dataclass(frozen=True)
class Source:
    """A book or a paper."""

    title: str
    by: str
    year: int
    where: str
    about: str
    address: str


QUESTIONS = (
    Question(
        "What does the mathematics of neural networks encompass?",
        "Linear algebra (a layer is a matrix, a batch is a matrix, eigenvalues tell what grows), calculus "
        "(the chain rule is back-propagation), "
        "optimisation (how to walk downhill) and some probability (cross-entropies, random initial weights, "
        "random batches). Nothing else is "
        "needed to understand every number on these pages.",
        "network",
    ),
    Question(
        "Which formulas are there, really?",
        "Five carry almost everything: the weighted sum $z = Wx + b$, the activation $a = f(z)$, the cost $C "
        "= \\frac1m\\sum L$, the error "
        "$\\delta^l = (W^{l+1})^\\top\\delta^{l+1}\\odot f'(z^l)$, and the step "
        "$\\theta\\leftarrow\\theta-\\alpha\\nabla C$. All others are "
        "variants of one of them.",
        "start",
    ),
    Question(
        "How is multiplication done in batches?",
        "The samples stand side by side as columns of one matrix $X$ (n × m). Then $W\\cdot X$ (k × n times "
        "n × m) is k × m: column j is what "
        "the layer makes of sample j. Nothing mixes the samples; one large product is only much faster than "
        "m small ones. The bias is added "
        "to every column.",
        "network",
    ),
    Question(
        "Is there a simple example?",
        "Yes: two inputs, two hidden neurons, one output, on the first page. With $x = (0.5, 0.8)$ and the "
        "target 1 the output is 0.522, "
        "the loss 0.114; going back, every gradient is a product of two or three of the numbers already on the screen.",
        "start",
    ),
    Question(
        "Why is an activation function needed?",
        "Two linear layers are one: $W^2(W^1x) = (W^2W^1)x$. Only a bend between them makes a network more "
        "than a straight line. "
        "Choose identity as the activation in the sidebar, and no data set but a linear one is learnt.",
        "activations",
    ),
    Question(
        "What is a gradient, and why walk against it?",
        "It is the vector of all slopes: by how much the cost changes if one weight is moved a little. It "
        "points where the cost rises "
        "fastest; against it, the cost falls, as long as the step is not too long.",
        "optimizers",
    ),
    Question(
        "How large should the learning rate be?",
        "Below $2/\\lambda_{\\max}$, where $\\lambda_{\\max}$ is the largest curvature; above it each swing "
        "is larger than the one before. "
        "Far below it, training crawls. The page Training finds a rate by trying many at once.",
        "training",
    ),
    Question(
        "Why do deep or recurrent networks stop learning?",
        "The gradient is a product with one factor a layer, or a step. Factors below 1 make it vanish, "
        "factors above 1 make it explode. "
        "Initialisation, activations with slope 1, and clipping keep the product near 1.",
        "recurrent",
    ),
    Question(
        "How can a gradient be checked?",
        "Move one weight a little up and a little down, and divide the difference of the costs by the "
        "distance. It agrees with "
        "back-propagation to seven digits or more, or one of the two is wrong.",
        "backpropagation",
    ),
)

SOURCES = (
    Source(
        "Deep Learning",
        "I. Goodfellow, Y. Bengio and A. Courville",
        2016,
        "MIT Press",
        "The textbook; chapters 2 to 4 are the mathematics.",
        "https://www.deeplearningbook.org",
    ),
    Source(
        "Neural Networks and Deep Learning",
        "M. Nielsen",
        2015,
        "Determination Press",
        "Back-propagation explained slowly; free to read.",
        "http://neuralnetworksanddeeplearning.com",
    ),
    Source(
        "Mathematics for Machine Learning",
        "M. P. Deisenroth, A. A. Faisal and C. S. Ong",
        2020,
        "Cambridge University Press",
        "Linear algebra, vector calculus and optimisation from the beginning.",
        "https://mml-book.github.io",
    ),
    Source(
        "Introduction to Linear Algebra",
        "G. Strang",
        2016,
        "Wellesley–Cambridge Press, 5th edition",
        "Matrices as maps, eigenvalues, singular values.",
        "https://math.mit.edu/~gs/linearalgebra",
    ),
    Source(
        "Learning representations by back-propagating errors",
        "D. E. Rumelhart, G. E. Hinton and R. J. Williams",
        1986,
        "Nature 323, 533–536",
        "The paper that made it known; four pages.",
        "https://doi.org/10.1038/323533a0",
    ),
    Source(
        "Understanding the difficulty of training deep feedforward neural networks",
        "X. Glorot and Y. Bengio",
        2010,
        "AISTATS",
        "Where the spread of initial weights comes from.",
        "https://proceedings.mlr.press/v9/glorot10a.html",
    ),
    Source(
        "Adam: a method for stochastic optimization",
        "D. P. Kingma and J. Ba",
        2015,
        "ICLR",
        "Moments and their bias correction.",
        "https://arxiv.org/abs/1412.6980",
    ),
    Source(
        "Why momentum really works",
        "G. Goh",
        2017,
        "Distill",
        "Momentum on a quadratic, with pictures to play with.",
        "https://distill.pub/2017/momentum",
    ),
    Source(
        "Visualizing the loss landscape of neural nets",
        "H. Li, Z. Xu, G. Taylor, C. Studer and T. Goldstein",
        2018,
        "NeurIPS",
        "Filter-normalised planes through a landscape.",
        "https://arxiv.org/abs/1712.09913",
    ),
    Source(
        "Gradient descent on neural networks typically occurs at the edge of stability",
        "J. Cohen and others",
        2021,
        "ICLR",
        "Sharpness rises to 2/α and stays.",
        "https://arxiv.org/abs/2103.00065",
    ),
    Source(
        "On the difficulty of training recurrent neural networks",
        "R. Pascanu, T. Mikolov and Y. Bengio",
        2013,
        "ICML",
        "Vanishing, exploding, and clipping.",
        "https://arxiv.org/abs/1211.5063",
    ),
    Source(
        "A guide to convolution arithmetic for deep learning",
        "V. Dumoulin and F. Visin",
        2016,
        "arXiv 1603.07285",
        "Padding, stride, dilation, drawn.",
        "https://arxiv.org/abs/1603.07285",
    ),
)
