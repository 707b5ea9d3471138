"""Describe OpenAI's audio wire."""
