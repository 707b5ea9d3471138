"""Transcribe on this machine behind AssemblyAI's wire protocol, in a process of its own."""
