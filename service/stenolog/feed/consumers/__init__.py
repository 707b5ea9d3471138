"""Named consumers: how far each has come, and who of its workers holds what."""
