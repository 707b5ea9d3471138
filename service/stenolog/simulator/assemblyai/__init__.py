"""The simulated AssemblyAI, with bad days on request."""
