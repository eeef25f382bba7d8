"""The page *Committee*."""
