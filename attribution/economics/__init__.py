"""Unit economics: CAC in all its readings, what a customer is worth over time, and when the cost has come back.

Numbers go in as floats or as arrays over draws, and come out in the same shape, so that an interval of customers
becomes an interval of CAC. Currency and periods are the caller's. Begin with ``cac``, the one place that says what
counts as CAC; ``cohorts`` reads cohort tables, ``retention`` says how long customers stay, ``customer_value`` and
``payback`` what that is worth. Imports errors, reading, estimates and findings.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
