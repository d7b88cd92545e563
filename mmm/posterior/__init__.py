"""Posterior: what a fit knows as plain named arrays, and the questions asked of it.

``media`` computes contributions, costs and curves by draw, ``forecast`` the customers that no further spend brings,
``fit_checks`` findings of the fit, ``storage`` the file. Begin with ``posterior``. Imports model, data and curves,
never what samples: a posterior may come from anywhere.
"""
