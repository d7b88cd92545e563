"""Weeks: plans by week, with carryover."""
