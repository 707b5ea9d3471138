"""Keep `views.db`."""
