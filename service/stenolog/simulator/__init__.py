"""Simulate a provider and a customer's endpoint, as real servers that misbehave on request."""
