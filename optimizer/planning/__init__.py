"""The quarterly planning run."""
