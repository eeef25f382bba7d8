"""The systems that the report names beside its own, each run: see ``rungs.py``."""
