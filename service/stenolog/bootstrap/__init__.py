"""The only composition root: nowhere else is a store, a vendor or a setting named."""
