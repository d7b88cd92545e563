"""Experiments: tests designed before they run and read when they are over, as rows of ``lift_tests``.

National on/off tests where there are no geos (begin with ``on_off``, then ``on_off_readout``; ``schedules`` and
``randomised`` are what both stand on) and tests of conversion rates (``conversion_rates``, then ``rate_readout``).
Imports ``data``, ``model`` and ``posterior`` of this package, never a sampler.
"""
