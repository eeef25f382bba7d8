"""The page *Ladder*."""
