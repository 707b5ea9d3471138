"""Reach speech-to-text providers: one port, one folder for each."""
