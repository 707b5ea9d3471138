"""Write what a replay of the log shows into a plain database."""
