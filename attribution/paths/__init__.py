"""Paths: touches become journeys."""
