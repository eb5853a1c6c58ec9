"""How recordings are laid: hits on strikes, what goes with a motion, beds."""
