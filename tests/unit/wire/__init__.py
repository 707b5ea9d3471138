"""AssemblyAI's wire, without any I/O."""
