"""`/v1/audio` and `/v1/models`: the API that OpenAI's clients speak."""
