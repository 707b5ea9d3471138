"""SQLite: three files, each with exactly one writing connection in one process."""
