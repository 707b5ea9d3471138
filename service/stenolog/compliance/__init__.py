"""Prove what the log holds, and forget what must be forgotten."""
