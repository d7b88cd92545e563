"""Weeks: plans by week, with carryover, season and pacing.

``response`` says what weekly spends bring, ``search`` walks the frontier of such plans by the price of a customer,
``newton_steps`` and ``pulses`` improve concave and S-shaped ones, hulls and ``switches`` bound them, ``polish`` moves
them inside their limits and ``verify`` holds them against what was promised. A ``calendar`` limits single weeks and
months: ``cells`` makes rows of it, ``calendar_readings`` reads it a second time, ``bookings`` and ``booking_program``
place what is booked whole or not at all, and ``scheduled`` divides a plan between weeks by it. Begin with ``flight``.
Imports ``optimizer.plan`` and what stands above it.
"""
