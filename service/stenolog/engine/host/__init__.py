"""Serve the engine: jobs, downloads, workers; never touches customers' media itself."""
