"""Reach AssemblyAI's pre-recorded API, or another service that speaks it, such as the engine."""
