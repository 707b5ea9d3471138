"""Deliveries: what the log says is told to customers' endpoints, at least once."""
