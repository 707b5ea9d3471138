"""Settings: read once from the environment, frozen, each with its unit in its name."""
