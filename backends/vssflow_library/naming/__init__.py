"""What a recording is called, and what that says of it."""
