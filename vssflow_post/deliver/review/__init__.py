"""One page for a mail: a small picture with the mix inside, and comments that are typed at a time."""
