"""Solvers: programs become spend, with a bound on how much better any spend could be.

Two independent ways: hulls of the curves with branch and bound for every plan (``hulls``, ``branch``, and ``linear``
or ``frontier_walk`` for their relaxations), and conic programs for concave plans as a second opinion (``conic``,
``cones``). Begin with ``engines``. Imports ``optimizer.question``; knows nothing of allocations or reports.
"""
