"""Sealed: plans of record, and reviews that hold what came against them.

``seals`` is the folder of sealed plans and its chain of hashes, ``actuals`` reads what came, ``review`` puts both
together, ``story`` says it in words and ``pages`` writes them. Begin with ``review``.
"""
