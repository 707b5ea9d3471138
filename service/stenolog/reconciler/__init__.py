"""Agreeing with a provider: submitting, fetching after a callback, and noticing silence."""
