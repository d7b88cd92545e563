"""Cycle: while a plan is being spent, and when the next one is made.

``guardrails`` compares what a week brings with what the plan foresaw, warns early and trips where CAC leaves its range.
``refresh`` divides what moved between two runs among the things that changed, ``switching`` says whether a new plan is
worth leaving the last one for. Begin there. Nothing that solves imports this room.
"""
