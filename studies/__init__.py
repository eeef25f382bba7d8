"""The studies: all that makes a file of ``record/``, and reads it again.

``python -m studies`` lists every file of the record with what makes it and who reads it.
The reader of a table stands beside its writer: :mod:`studies.seeds` for the runs of the
report's recipe, :mod:`studies.ladder` and :mod:`studies.committee` for other networks.
Chapters and verdicts share the intervals and tests of :mod:`studies.intervals`.
"""
