"""How good a folder of weights is, measured: what is asked in each file's name, and nothing is trained against it."""
