"""Films as people's disks hold them, made at random by the system's ffmpeg, rendered, and looked at from outside."""
