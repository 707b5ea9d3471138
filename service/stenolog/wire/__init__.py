"""Describe AssemblyAI's wire once: requests, transcripts, lists, callbacks, sentences."""
