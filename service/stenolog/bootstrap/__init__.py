"""Compose the service: only here are stores, vendors and settings put together."""
