"""Decide about a transcription: its state, its commands, and what they lead to."""
