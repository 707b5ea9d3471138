"""The embedded provider: real transcription behind AssemblyAI's wire protocol, in its own process."""
