"""The member of a committee: a small network of today."""
