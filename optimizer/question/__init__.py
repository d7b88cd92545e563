"""Question: what a plan asks, as mathematics that any solver reads.

``objectives`` say what a plan is for, ``constraints`` what it promises and what limits it, each in one definition;
``compiler`` gathers them into a ``program``: bounds, rows that are linear in spend and customers, and a goal. Nothing
is solved here. Begin with ``program``. Imports ``mmm.curves``.
"""
