"""What every engine of the networks computes, found by its trial."""

from networks.column2012 import engine as column2012
from networks.lenet1998 import engine as lenet1998
from networks.lenet1998.rungs import BESIDE, CHOICES, RUNGS
from networks.member import reader as member


def trials() -> dict[str, str]:
    """What the trial of every engine computes here, by the engine's name."""
    behaviours = {
        column2012.ENGINE: column2012.trial(),
        member.ENGINE: member.trial(),
    }
    for rung in (*RUNGS, *BESIDE, *CHOICES):
        name = lenet1998.build_name(rung)
        if name not in behaviours:  # several rungs share an engine
            behaviours[name] = lenet1998.trial(rung)
    return behaviours
