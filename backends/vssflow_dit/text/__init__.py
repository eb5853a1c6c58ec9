"""From written lines to phonemes in time."""
