"""From samples to words; runs in the confined worker."""
