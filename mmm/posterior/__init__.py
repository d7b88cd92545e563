"""Posterior: what a fit knows, and the questions asked of it."""
