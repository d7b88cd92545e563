"""Drawing: pictures of the mix model that are long enough for files of their own.

``by_week`` draws fit, sources of customers and forecast, ``frequency`` what a contact brings. Users ask ``mmm.plots``
for them; the look is ``attribution.drawing``'s. Imports posteriors and tables to draw, and computes nothing new.
"""
