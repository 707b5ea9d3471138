"""Keep everything durably: one folder a backend, the same file names in each."""
