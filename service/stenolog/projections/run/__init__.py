"""Run the projections: the registry, batches and the projector."""
