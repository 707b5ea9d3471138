"""What surfaces read and make, without a server."""
