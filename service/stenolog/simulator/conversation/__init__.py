"""Make up the conversations that the simulated provider transcribes."""
