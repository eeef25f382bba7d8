"""LeNet-5 on MNIST: the network of the report, its training and its figures.

Importing the package imports nothing else: ``python -m lenet5 --help`` answers before
torch is loaded.
"""

__version__ = "1.0.0"


class Lenet5Error(Exception):
    """An error whose one-line message tells a person what is wrong and how to mend it."""
