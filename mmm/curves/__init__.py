"""Response curve families."""
