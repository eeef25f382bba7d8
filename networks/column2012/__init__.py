"""The column of the multi-column network of 2012."""
