"""Shapes that never change, as files, and what must come back of them."""
