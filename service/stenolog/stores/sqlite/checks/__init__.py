"""Check what `log.db` and `keys.db` hold beside the records, for verification."""
