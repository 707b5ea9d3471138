"""AssemblyAI's wire."""
