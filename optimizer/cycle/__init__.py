"""Cycle: while a plan is being spent, and when the next one is made.

``forecast`` says what a plan is expected to bring by week, ``bridge`` what moved customers from there to those that
came, ``refit`` what the models say with the new weeks, ``scorecard`` how often forecasts held. ``watched`` holds
weeks that a fit has not seen, ``quiet_weeks`` says what they are where nothing is wrong, ``sequential`` tests them at
a stated rate of false alarms, ``rules`` hold figures against limits, and ``guardrails`` puts all of it together.
``refresh`` divides what moved between two runs among the things that changed, ``switching`` says whether a new plan
is worth leaving the last one for. Begin with ``forecast``. Nothing that solves imports this room.
"""
