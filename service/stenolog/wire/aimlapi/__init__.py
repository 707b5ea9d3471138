"""Describe AIMLAPI's speech-to-text wire."""
