"""`/v2`: the API that AssemblyAI's SDKs speak."""
