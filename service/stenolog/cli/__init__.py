"""Offer the service on a command line."""
