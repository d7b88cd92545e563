"""Sampling: a panel and a model become draws, and draws a posterior.

``national_problem`` and ``geo_problem`` make the arrays that are sampled, once; ``fused_density`` hands them to the
compiled kernel, ``pymc_graph`` writes the same density as a readable PyMC graph. ``nuts`` samples, ``until_converged``
goes on until the gate passes. Begin with ``fit``. Imports kernel, model and posterior.
"""
