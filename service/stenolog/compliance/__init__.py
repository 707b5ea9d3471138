"""What we can prove, and what can be forgotten."""
