"""The table of the page *Results*: loss and error at some epochs."""

import pandas as pd


def epoch_rows(history: pd.DataFrame, original: pd.DataFrame) -> list[tuple]:
    """The lines of a table: some epochs of the run, and the error that the 2020 report plots.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    """
    last = history.epoch.iloc[-1]
    shown = {0, 1, 2, 5, *range(10, last, 5), last}
    plotted = {}  # in words, by epoch
    for row in original.itertuples():
        plotted[row.drawn_at_epoch] = f"{100 - row.accuracy:.2f}"
    lines = []
    for row in history[history.epoch.isin(shown)].itertuples():
        cells = [
            f"{row.epoch}",
            f"{row.train_loss:.4f}",
            f"{row.test_loss:.4f}",
            f"{row.train_error:.2f}",
            f"{row.test_error:.2f}",
            plotted.get(row.epoch, ""),
        ]
        lines.append(tuple(cells))
    return lines
