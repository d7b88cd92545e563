"""Solvers behind a plan."""
