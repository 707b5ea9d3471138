"""The log: events, their bytes, their order, and what proves both. Pure, but for one thread."""
