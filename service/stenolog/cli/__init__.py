"""The words on a command line."""
