"""Receive providers' callbacks."""
