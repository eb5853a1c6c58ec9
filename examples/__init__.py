"""The demo film, its script, its cue sheet and what really happens in it, as data files beside this one."""
