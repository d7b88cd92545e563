"""Drawing: the look that all pictures share."""
