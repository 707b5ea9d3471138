"""For whoever runs the service: probes and metrics."""
