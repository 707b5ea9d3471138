"""Keep `log.db`."""
