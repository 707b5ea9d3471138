"""Serve what describes the API: openapi.json, and pages for people."""
