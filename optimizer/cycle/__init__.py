"""Cycle: while a plan is being spent, and when the next one is made.

``forecast`` says what a plan is expected to bring by week, ``bridge`` what moved customers from there to those that
came, ``refit`` what the models say with the new weeks, ``scorecard`` how often forecasts held. ``guardrails`` compares
what a week brings with what the plan foresaw, warns early and trips where CAC leaves its range. ``refresh`` divides
what moved between two runs among the things that changed, ``switching`` says whether a new plan is worth leaving the
last one for. Begin with ``forecast``. Nothing that solves imports this room.
"""
