"""Models: journeys become credit.

Every model is a small tally of sums over paths and a solution from the tally alone (``model``), so that an engine
counts what grows with the log, and replicates and segments only solve again. ``heuristic``, ``shapley`` and ``markov``
(on ``absorbing_chain``) are the families; ``credit`` is what they return. Begin with ``model``. Imports
``attribution.paths``.
"""
