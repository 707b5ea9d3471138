"""Serve `/api/v1`, our own API."""
