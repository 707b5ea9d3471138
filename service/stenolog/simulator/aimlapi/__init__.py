"""Simulate AIMLAPI's speech-to-text."""
