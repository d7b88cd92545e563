"""Answer: what a solved plan says."""
