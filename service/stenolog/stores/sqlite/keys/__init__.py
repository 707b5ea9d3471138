"""Keep `keys.db`."""
