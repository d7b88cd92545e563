"""Uncertainty: plans and tests where the curves are not known for sure.

``risk`` plans for the worst draws and says what not knowing costs; ``value_of_tests`` which channel's experiment would
win most customers in the coming plan. Both solve plans and read answers. Begin with ``risk``. Imports
``optimizer.plan`` and what stands above it.
"""
