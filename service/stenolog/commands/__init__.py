"""Decide what may happen next from what has happened, and have it recorded."""
