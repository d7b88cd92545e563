"""Uncertainty: plans and tests where the curves are not known for sure.

``worth`` holds a plan against today and against plans that need no model (``naive_plans``), with the odds of its
promises (``odds``); ``tipping`` says how little a channel would have to bring for its move to turn around;
``first_step`` stays within what was tried. ``risk`` plans for the worst draws and says what not knowing costs;
``value_of_tests`` which channel's experiment would win most customers in the coming plan. Begin with ``worth``. Imports
``optimizer.plan`` and what stands above it.
"""
