"""Find who spoke when; runs in the confined worker."""
