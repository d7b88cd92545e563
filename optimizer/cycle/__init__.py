"""Cycle: while a plan is being spent.

``forecast`` says what a plan is expected to bring by week, ``bridge`` what moved customers from there to those that
came, ``refit`` what the models say with the new weeks, ``scorecard`` how often forecasts held. ``guardrails`` compares
what a week brings with what the plan foresaw, warns early and trips where CAC leaves its range. Begin with
``forecast``. Nothing that solves imports this room.
"""
