"""Keep plain files in the data directory."""
