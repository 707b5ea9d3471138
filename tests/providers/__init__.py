"""Adapters against the simulator."""
