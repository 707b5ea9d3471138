"""How good the embedded engine is, measured on speech with references: `make eval`."""
