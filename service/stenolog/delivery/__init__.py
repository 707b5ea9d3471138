"""Deliver outcomes to customers' endpoints, at least once."""
