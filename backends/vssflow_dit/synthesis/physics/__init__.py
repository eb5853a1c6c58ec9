"""What each class of sound is made of, a room for each kind of thing: bodies, water, places, animals, machines."""
