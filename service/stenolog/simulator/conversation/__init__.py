"""The made-up conversations that the simulated provider transcribes."""
