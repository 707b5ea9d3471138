"""Events to rows: pure projections, and the projector that runs them."""
