"""AssemblyAI's pre-recorded API, and whatever speaks it, such as the embedded engine."""
