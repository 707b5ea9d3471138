"""Project events and payloads to rows, by pure functions."""
