"""Training of a model's parts."""
