"""Serve those who run the service: probes and metrics."""
