"""Read the settings once from the environment; each is frozen and has its unit in its name."""
