"""Turn events into rows by pure projections, and run them."""
