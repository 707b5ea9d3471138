"""Do what customers ask with transcriptions, for every surface; knows no web framework."""
