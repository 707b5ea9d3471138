"""Plain files in the data directory."""
