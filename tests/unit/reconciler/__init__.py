"""The plan: given what is known and tried, what is owed."""
