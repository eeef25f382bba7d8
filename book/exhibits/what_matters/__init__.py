"""The page *What matters*."""
