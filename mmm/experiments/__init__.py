"""Experiments: tests designed before they run and read when they are over, as rows of ``lift_tests``.

``geo_*`` is about tests that change spend in some geos and not in others: begin with ``geo_proposal``, then
``geo_readout``. National on/off tests are for where there are no geos: ``on_off``, then ``on_off_readout``;
``schedules`` and ``randomised`` are what both stand on. Tests of conversion rates: ``conversion_rates``, then
``rate_readout``. Imports ``data``, ``model`` and ``posterior`` of this package, never a sampler.
"""
