"""Describe AssemblyAI's wire."""
