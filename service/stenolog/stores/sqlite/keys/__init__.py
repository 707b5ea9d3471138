"""`keys.db`."""
