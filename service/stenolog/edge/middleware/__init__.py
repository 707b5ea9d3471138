"""What happens to every request, one behaviour a module."""
