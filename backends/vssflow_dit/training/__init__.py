"""Training: the transformer, codec and vocoder, duration model and strikes, from data that synthesis made."""
