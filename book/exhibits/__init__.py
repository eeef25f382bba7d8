"""What the book shows: figures, tables, and the numbers in its prose.

Each page has its own module or package here, by the name of its chapter, with its figures
and its tables: ``introduction``, ``dataset``, ``implementation``, ``results``,
``variability``, ``ladder``, ``committee``, ``audit``, ``draw`` and ``train``. What
several pages need stands beside them. A page imports its own modules and the shared ones,
so that a change in what one page shows does not execute another chapter.

A chapter's kernel starts in ``book/``, so that ``from exhibits import …`` works there.
"""

from exhibits.display import glue, show, show_code, show_source, show_table

__all__ = ["glue", "show", "show_code", "show_source", "show_table"]
