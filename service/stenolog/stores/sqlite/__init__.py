"""Keep four SQLite files, each with exactly one writing connection in one process."""
