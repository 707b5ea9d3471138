"""Compose the service: stores and vendors are opened and wired here alone."""
