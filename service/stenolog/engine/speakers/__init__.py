"""Who spoke when; runs in the confined worker."""
