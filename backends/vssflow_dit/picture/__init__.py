"""What is seen in a film: motion, strikes, and what CLIP says of its pictures."""
