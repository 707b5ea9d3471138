"""Speak to AIMLAPI."""
