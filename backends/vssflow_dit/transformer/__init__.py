"""Conditions, rows, attention and the diffusion transformer; many cues as one field; and what is trained as one."""
