"""Weeks: plans by week, with carryover, season and pacing.

``response`` says what weekly spends bring, ``search`` walks the frontier of such plans by the price of a customer,
``newton_steps`` and ``pulses`` improve concave and S-shaped ones, hulls and ``switches`` bound them, ``polish`` moves
them inside their limits and ``verify`` holds them against what was promised. Begin with ``flight``. Imports
``optimizer.plan`` and what stands above it.
"""
