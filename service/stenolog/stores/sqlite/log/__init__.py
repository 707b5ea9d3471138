"""`log.db`."""
