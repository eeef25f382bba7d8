"""LeNet-5 of 1998, and the rungs from it to the report's network."""
