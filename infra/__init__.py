"""What stands beside the service: its benchmark, and how requirements are locked."""
