"""Keep the log: events, their bytes, their order, and their proof. Pure, but for one thread."""
