"""The projections: pure functions from events and payloads to rows."""
