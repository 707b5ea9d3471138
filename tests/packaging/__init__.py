"""What is installed, from which files, and what users see of it."""
