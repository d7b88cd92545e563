"""The sections of the plan file, one class each."""
