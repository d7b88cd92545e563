"""Uncertainty: plans and tests where the curves are not known for sure."""
