"""Keep `work.db`."""
