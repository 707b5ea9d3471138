"""The engine's server: jobs, downloads, workers; never touches a stranger's media itself."""
