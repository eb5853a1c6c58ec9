"""Folders of weights, read and verified; and the reference's checkpoint, imported."""
