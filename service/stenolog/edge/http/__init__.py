"""Handle HTTP itself: resources, bodies, problems, and what happens to every request."""
