"""Deciders: what may happen next, decided from what has happened; and their handler."""
