"""Analyses of text that are made here, because the provider lacks them."""
