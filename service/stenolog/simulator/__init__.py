"""A provider and a customer's endpoint that misbehave on request: real servers, for tests."""
