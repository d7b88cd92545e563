"""Sampling: a panel and a model become draws."""
