"""Speech-to-text providers: one port, one folder for each."""
