"""Outputs: what a run writes and prints."""
