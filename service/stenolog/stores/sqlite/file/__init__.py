"""One SQLite file: opening it, its one writing connection, its errors."""
