"""What each class of sound is made of, a room for each kind of thing: bodies, ground, water, places, animals, machines."""
