"""From a cue to the streams that a model reads, and from its latent to sound: the starter's way and the reference's."""
