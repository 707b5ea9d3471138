"""`/v1/stt`: the API that AIMLAPI's clients speak."""
