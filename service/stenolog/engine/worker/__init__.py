"""The confined process that handles strangers' media."""
