"""The page *Variability*."""
