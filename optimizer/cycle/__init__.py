"""Cycle: while a plan is being spent.

``watched`` holds weeks that a fit has not seen, ``quiet_weeks`` says what they are where nothing is wrong,
``sequential`` tests them at a stated rate of false alarms, ``rules`` hold figures against limits, and ``guardrails``
puts all of it together. Begin there. Imports the economics and what a posterior expects; nothing that solves imports
this room.
"""
