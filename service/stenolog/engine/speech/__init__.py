"""Turn samples into words; runs in the confined worker."""
