"""Reading: any table as it is becomes a checked table."""
