"""Handle customers' media in a confined process."""
