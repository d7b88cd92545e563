"""Cycle: while a plan is being spent."""
