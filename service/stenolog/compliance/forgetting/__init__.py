"""Forget many at once, on demand or by age, unless a legal hold keeps them, and certify it."""
