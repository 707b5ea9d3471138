"""The embedded provider: real speech behind AssemblyAI's wire protocol, in its own process."""
