"""Data: weekly tables and experiments become checked arrays."""
