"""Customers' endpoints for events, and the secrets with which what they are sent is signed."""
