"""Open one SQLite file, with one writing connection, and translate its errors."""
