"""Decode a file's bytes to samples; runs in the confined worker."""
