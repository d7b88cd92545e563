"""Sealed: plans of record, and reviews that hold what came against them.

``chain`` is the folder of sealed plans with its hashes, ``seals`` adds to it, ``actuals`` reads what came, ``review``
puts both together, ``story`` says it in words and ``pages`` writes them. Begin with ``review``.
"""
