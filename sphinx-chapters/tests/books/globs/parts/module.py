"""No chapter: it has no cell."""
