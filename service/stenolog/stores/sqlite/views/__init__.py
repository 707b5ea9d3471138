"""`views.db`."""
