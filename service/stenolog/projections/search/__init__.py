"""Make of transcripts what is searched across them, and follow the log with it."""
