"""Everything that is kept: one folder a backend, the same file names in each."""
