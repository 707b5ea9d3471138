"""Simulate AssemblyAI, with bad days on request."""
