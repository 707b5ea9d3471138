"""The pure parts of deliveries."""
