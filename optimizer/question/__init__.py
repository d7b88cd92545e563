"""Question: what a plan asks, as mathematics."""
