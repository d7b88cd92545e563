"""Analysis: what credit and journeys say beyond one number a channel."""
