"""Decide who may do what: API keys, rate limits, and links that authorise by themselves."""
