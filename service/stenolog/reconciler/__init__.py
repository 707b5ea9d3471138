"""Agree with a provider: submit, fetch after a callback, and notice silence."""
