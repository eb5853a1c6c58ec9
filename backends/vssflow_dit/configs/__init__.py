"""Model configurations as files: `config.config_of` reads them by name."""
