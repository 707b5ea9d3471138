"""Deliveries with real stores, over real HTTP."""
