"""Analyse text: what can be told from a transcript's words. Pure; knows no other room."""
