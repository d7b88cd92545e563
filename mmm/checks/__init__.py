"""Checks: whether a model can be believed."""
