"""The first epoch of the report's recipe at two other learning rates.

The 2020 report names a rate. Whether its plot could have come from another one shows best
after the first epoch, in which a network learns the faster, the higher its rate. So the
recipe is trained for one epoch at a lower and at a higher rate, and measured on the test
images as the plot is. Nothing is chosen by it.
"""

import argparse
from pathlib import Path

import pandas as pd

from lenet5 import RECORD
from lenet5.config import report_config
from studies import seeds

TABLE = "rates.csv"
RATES = (1e-4, 1e-3)
SEEDS = range(10)
EPOCHS = 1


def make(options: argparse.Namespace) -> int:
    """Train what the table lacks; the exit code of the command."""
    configs = []
    for rate in RATES:
        for seed in SEEDS:
            configs.append(report_config(seed=seed, lr=rate, epochs=EPOCHS))
    return seeds.make(configs, options)


def read(path: Path = RECORD / TABLE) -> dict[float, pd.Series]:
    """The test errors (%) after the epoch, by rate: each a value a seed.

    Raises
    ------
    UserError
        If the table is missing or damaged.
    """
    table = seeds.read_table(path, ("seed", "lr", "epoch", "test_error"))
    errors = {}
    for rate, rows in table[table.epoch == EPOCHS].groupby("lr"):
        errors[float(rate)] = rows.set_index("seed").test_error.round(2)
    return errors
