"""Make the page that shows one transcript: pure, and self-contained."""
