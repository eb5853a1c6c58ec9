"""The presets that ship with vssflow-post: one TOML file each, installed as data of `vssflow_post.presets`."""
