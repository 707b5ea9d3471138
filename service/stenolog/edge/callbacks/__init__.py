"""Where providers call us."""
