"""The search index: what is found, by whom, and what is forgotten."""
