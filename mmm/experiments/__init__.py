"""Experiments: which test to run, what it can see, and what it showed.

``geo_*`` is about tests that change spend in some geos and not in others.
"""
