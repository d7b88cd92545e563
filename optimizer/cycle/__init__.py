"""Cycle: while a plan is being spent.

``guardrails`` compares what a week brings with what the plan foresaw, warns early and trips where CAC leaves its range.
Begin there. Imports the contracts of tables and findings; nothing that solves imports this room.
"""
