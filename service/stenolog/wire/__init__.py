"""AssemblyAI's wire, written once: requests, transcripts, lists, callbacks, sentences."""
