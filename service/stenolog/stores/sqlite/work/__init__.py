"""`work.db`."""
